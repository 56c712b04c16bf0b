local state, token, attempts, attempt, result, events = unpack(redis.call('HMGET', keys.message,
  'state', 'token', 'attempts', 'attempt:' .. args.number, 'result:' .. args.number, 'events'))
if not state then
  local kept = redis.call('HGET', keys.lostSends, args.messageId) or ''
  if not string.find(kept, args.sent, 1, true) then redis.call('HSET', keys.lostSends, args.messageId, kept .. args.sent) end
  redis.call('PEXPIRE', keys.lostSends, LOST_SENDS_TTL_MS)
  return { 'kept', args.number }
end
local isOpen = token == args.token
local isOurs = isOpen or (attempt and cjson.decode(attempt).startedAt == args.startedAt)
if isOurs and (not args.hasEnded or (result and not isOpen)) then return { 'there', args.number } end
local number = args.number
-- Another run has sent the message meanwhile.
if attempt and not isOurs then number = tonumber(attempts or '0') + 1 end
if args.hasEnded then return { 'move', number } end
local event = number == args.number and args.restoredEvent or args.doubledEvent
redis.call('HSET', keys.message, 'attempts', number, 'attempt:' .. number, args.record, 'events', (events or '') .. event)
if not token and IN_FLIGHT[state] then
  redis.call('HSET', keys.message, 'state', STATE.sending, 'token', args.token, 'lease', args.leaseUntil)
  redis.call('HDEL', keys.message, 'reason', 'until')
end
return { 'opened', number }
