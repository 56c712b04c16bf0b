-- Stamped with Redis' clock, so that the clocks of the machines need not agree.
local now = nowMs()
redis.call('HSET', keys.processes, args.process, now .. ' ' .. args.note)
redis.call('PEXPIRE', keys.processes, PROCESS_TTL_MS)
return pruneHash(keys.processes, args.cursor, function (line)
  return (tonumber(string.match(line, '^%d+')) or 0) < now - PROCESS_TTL_MS
end)
