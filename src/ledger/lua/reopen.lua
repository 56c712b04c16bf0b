local state, replays, events = unpack(redis.call('HMGET', keys.message, 'state', 'replays', 'events'))
if not state or redis.call('EXISTS', keys.alert) == 0 then return 'missing' end
if tonumber(replays or '0') >= args.number or not REPLAYED[state] then return 'kept' end
redis.call('INCR', keys.inFlight)
redis.call('HSET', keys.message, 'state', STATE.queued, 'replays', args.number, 'expiresAt', args.expiresAt, 'events', (events or '') .. args.event)
redis.call('HDEL', keys.message, 'reason', 'until', 'lastReason')
redis.call('SADD', keys.open, args.messageId)
if args.content then
  redis.call('HSET', keys.message, 'job', args.content)
  follow(args.messageId)
end
redis.call('PEXPIRE', keys.message, LEDGER_TTL_MS)
redis.call('PEXPIRE', keys.open, LEDGER_TTL_MS)
redis.call('PEXPIRE', keys.alert, LEDGER_TTL_MS)
if args.dedupeMs > 0 then
  local now = nowMs()
  if not claimHolder(args.lane, now) then takeClaims({ args.lane }, now) end
end
redis.call('ZREM', keys.failed, args.messageId)
redis.call('ZREM', keys.expired, args.messageId)
writeEntry('message', args.journalLine)
return 'reopened'
