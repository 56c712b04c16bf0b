local state, token, attempts, attempt, result, events = unpack(redis.call('HMGET', keys.message,
  'state', 'token', 'attempts', 'attempt:' .. args.number, 'result:' .. args.number, 'events'))
if not state then
  local kept = redis.call('HGET', keys.lostSends, args.messageId) or ''
  if not string.find(kept, args.sent, 1, true) then redis.call('HSET', keys.lostSends, args.messageId, kept .. args.sent) end
  redis.call('PEXPIRE', keys.lostSends, LOST_SENDS_TTL_MS)
  return { 'kept', args.number }
end
local function isOfThis(record) return record and cjson.decode(record).startedAt == args.startedAt end
local number, isOurs = args.number, isOfThis(attempt)
if attempt and not isOurs then
  -- Another run has sent the message meanwhile. An earlier call, whose reply was lost, may have given this request the number after it.
  local count = tonumber(attempts or '0')
  number = count + 1
  for later = args.number + 1, count do
    local record, itsResult = unpack(redis.call('HMGET', keys.message, 'attempt:' .. later, 'result:' .. later))
    if isOfThis(record) then number, result, isOurs = later, itsResult, true end
  end
end
if isOurs and (not args.hasEnded or result) then return { 'there', number } end
if args.hasEnded then return { 'move', number } end
local event = number == args.number and args.restoredEvent or args.doubledEvent
redis.call('HSET', keys.message, 'attempts', number, 'attempt:' .. number, args.record, 'events', (events or '') .. event)
if not token and IN_FLIGHT[state] then
  redis.call('HSET', keys.message, 'state', STATE.sending, 'token', args.token, 'lease', args.leaseUntil)
  redis.call('HDEL', keys.message, 'reason', 'until')
end
return { 'opened', number }
