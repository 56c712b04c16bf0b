-- `redis` for bottleneck's scripts, which keeps back the calls whose results have no use here: its books per client, as these
-- limiters have one client, which never queues; its pacing, as `minTime` is 0; and its group timeout, which is unset. A
-- reservation for a new phone costs half as many commands without them.
local function withoutBooks(server)
  return { call = function (...)
    local command, key, field = ...
    -- The key of a book.
    if key == nil then
      if command == 'hmget' then
        local none = {}
        for n = 1, select('#', ...) - 2 do none[n] = false end
        return none
      end
      return string.find(command, 'range', 1, true) and {} or 0
    end
    if field == 'nextRequest' and command == 'hmget' then return { '0', '0', false } end
    if field == 'nextRequest' and command == 'hset' then return 0 end
    if field == 'groupTimeout' then return false end
    return server.call(...)
  end }
end
