local function counts()
  if redis.call('EXISTS', keys.journal) == 0 then return 0, 0 end
  local info, found = redis.call('XINFO', 'STREAM', keys.journal), {}
  for i = 1, #info, 2 do found[info[i]] = info[i + 1] end
  return found['entries-added'] or -1, found['length']
end
local place = redis.call('GET', keys.cursor)
if not place then
  local newest = redis.call('XREVRANGE', keys.journal, '+', '-', 'COUNT', 1)[1]
  place = (newest and newest[1] or '0-0') .. ' ' .. counts() .. ' ' .. args.run
  redis.call('SET', keys.cursor, place)
end
redis.call('PEXPIRE', keys.cursor, JOURNAL_CURSOR_TTL_MS)
local id, count = string.match(place, '^(%S+) (%S+)')
local lost = 0
if #redis.call('XRANGE', keys.journal, id, id) == 0 then
  local added, length = counts()
  if added >= 0 and tonumber(count) >= 0 then lost = math.max(0, added - length - tonumber(count))
  elseif id ~= '0-0' then lost = -1 end
end
return { place, lost, redis.call('XRANGE', keys.journal, '(' .. id, '+', 'COUNT', args.limit) }
