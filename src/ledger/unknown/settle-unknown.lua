local state, settledBy, events, attempts = unpack(redis.call('HMGET', keys.message, 'state', 'settledBy', 'events', 'attempts'))
if not state then return 'missing' end
if settledBy == args.run then return 'settled' end
if state ~= STATE.unknown then return { 'ended', state } end
for n = tonumber(attempts or '0'), 1, -1 do
  if redis.call('HGET', keys.message, 'result:' .. n) == RESULT.unknown then
    local attempt = cjson.decode(redis.call('HGET', keys.message, 'attempt:' .. n))
    attempt.resolution = args.isSent and RESULT.confirmed_sent or RESULT.confirmed_not_sent
    redis.call('HSET', keys.message, 'attempt:' .. n, cjson.encode(attempt), 'result:' .. n, args.isSent and RESULT.accepted or RESULT.refused)
    if args.isSent then
      redis.call('HSET', keys.message, 'provider', attempt.provider)
      break
    end
  end
end
redis.call('HSET', keys.message, 'settledBy', args.run, 'events', (events or '') .. args.event)
if args.isSent then
  redis.call('HDEL', keys.message, 'reason')
  redis.call('HSET', keys.message, 'state', STATE.accepted, 'acceptedAt', args.at)
else
  redis.call('HSET', keys.message, 'state', STATE.failed, 'reason', REASON.unknown_outcome, 'unknowns', 0)
  indexEnded(keys.failed, args.messageId)
  releaseClaim()
end
-- A message that is sent again has not ended: its replay writes the entry.
if args.isSent or not args.isResent then writeEntry('message', args.journalLine) end
if not args.isResent then
  redis.call('ZREM', keys.unknown, args.messageId)
  redis.call('DEL', keys.kept)
end
return 'settled'
