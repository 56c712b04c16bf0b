local isMine = string.match(redis.call('GET', keys.acknowledged) or '', '^%d+ (%S+)') == args.run
local before = closedBy()
if before and not isMine then return { 'over', before } end
if not isMine then
  redis.call('SET', keys.acknowledged, args.at .. ' ' .. args.run .. ' ' .. args.by, 'PX', RESOLVED_TTL_MS)
  local events = redis.call('HGET', keys.alert, 'events')
  if events then redis.call('HSET', keys.alert, 'events', events .. args.event) end
  writeEntry('alert', args.journalLine)
end
return { 'acknowledged', redis.call('SMEMBERS', keys.open) }
