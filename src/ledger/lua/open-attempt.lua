local state, token, lease, unknowns, attempts, digest =
  unpack(redis.call('HMGET', keys.message, 'state', 'token', 'lease', 'unknowns', 'attempts', 'digest'))
if not state then return 'missing' end
attempts = tonumber(attempts or '0')
local now = nowMs()
if not IN_FLIGHT[state] then return { 'ended', state } end
if token == args.token then
  redis.call('HSET', keys.message, 'lease', now + args.leaseMs)
  return { 'opened', attempts }
end
local lost = redis.call('HGET', keys.lostSends, args.messageId)
if lost then return { 'lost', lost } end
if token then
  local leaseEndsAt = boundLease(tonumber(lease), now)
  if leaseEndsAt > now then return { 'busy', leaseEndsAt } end
  return 'orphan'
end
-- The message is in a digest, and the run that put it there crashed: the next run records that.
if digest then return 'orphan' end
if tonumber(unknowns or '0') > args.unknownsAllowed then return 'spent' end
local over = closedBy()
if over == 'resolved' then return 'resolved' end
if over then return 'acknowledged' end
for _, phoneHash in ipairs(args.phoneHashes) do
  if redis.call('HEXISTS', keys.optOuts, phoneHash) == 1 then return 'opted_out' end
end
attempts = attempts + 1
redis.call('HSET', keys.message, 'state', STATE.sending, 'token', args.token, 'lease', now + args.leaseMs,
  'attempts', attempts, 'attempt:' .. attempts, args.record)
if state == STATE.deferred then redis.call('HDEL', keys.message, 'reason', 'until') end
return { 'opened', attempts }
