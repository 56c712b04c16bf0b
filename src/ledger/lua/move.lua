local was, token, by, events, replays, attempts =
  unpack(redis.call('HMGET', keys.message, 'state', 'token', 'by', 'events', 'replays', 'attempts'))
if not was then return 'missing' end
local state, ending = args.state, replays and 'again' or 'ended'
local function isCritical()
  return cjson.decode(redis.call('HGET', keys.message, 'card') or '{}').severity == SEVERITY.critical
end
local function settleUnknown()
  redis.call('ZREM', keys.unknown, args.messageId)
  redis.call('DEL', keys.kept)
end

-- An unknown result never replaces a known one.
local isNews = state == STATE.deferred and was ~= STATE.deferred
if args.token then
  local attempt, result = 'attempt:' .. args.attempt, 'result:' .. args.attempt
  local before = redis.call('HGET', keys.message, result)
  if args.result ~= RESULT.unknown or not before then
    redis.call('HSET', keys.message, attempt, args.record, result, args.result)
  end
  -- A failover may have lost the opening of this attempt.
  if args.attempt > tonumber(attempts or '0') then redis.call('HSET', keys.message, 'attempts', args.attempt) end
  if token == args.token then redis.call('HDEL', keys.message, 'token', 'lease') end
  isNews = isNews or (args.result ~= RESULT.accepted and not before)
  if args.result == RESULT.unknown and not before then redis.call('HINCRBY', keys.message, 'unknowns', 1) end
  if args.result == RESULT.refused and before == RESULT.unknown then redis.call('HINCRBY', keys.message, 'unknowns', -1) end
end
local lines = events or ''
if args.events and (#lines < EVENTS_LENGTH or state ~= STATE.deferred) then
  redis.call('HSET', keys.message, 'events', lines .. args.events)
end

-- While another run has an attempt open, only an acceptance ends the message; that run decides the rest.
local hasEnded = not IN_FLIGHT[was]
local isOthers = not hasEnded and token and token ~= args.token
if isOthers and state ~= STATE.accepted and not IN_FLIGHT[state] then return 'moved' end

local isLate = was == STATE.unknown and state == STATE.accepted
if was == STATE.unknown and args.result == RESULT.refused and redis.call('HGET', keys.message, 'unknowns') == '0' then
  redis.call('HSET', keys.message, 'state', STATE.failed, 'by', args.run, 'refutedBy', args.run, 'reason', cjson.decode(args.record).reason)
  settleUnknown()
  releaseClaim()
  if isCritical() then miss(args.messageId) end
  indexEnded(keys.failed, args.messageId)
  writeEntry('message', args.journalLine, STATE.failed)
  return 'disproved'
end
if hasEnded and not isLate then
  if redis.call('HGET', keys.message, 'refutedBy') == args.run then return 'disproved' end
  return by == args.run and ending or 'moved'
end

redis.call('HDEL', keys.message, 'reason', 'until')
redis.call('HSET', keys.message, 'state', state, unpack(args.fields))
for _, index in ipairs(keys.receiptIndexes) do redis.call('SET', index, args.messageId, 'PX', RECEIPT_INDEX_TTL_MS) end
if isLate then
  settleUnknown()
  writeEntry('message', args.journalLine)
  return 'late'
end
if isNews or not IN_FLIGHT[state] then writeEntry('message', args.journalLine) end
if state == STATE.deferred and isCritical() then
  if PLANNED[redis.call('HGET', keys.message, 'reason')] then unhold(args.messageId) else hold(args.messageId) end
end
if IN_FLIGHT[state] then return 'moved' end

redis.call('ZREM', keys.openMessages, args.messageId)
redis.call('HDEL', keys.message, 'job')
unhold(args.messageId)
local isMissed = state == STATE.failed or state == STATE.expired
if isMissed and isCritical() then miss(args.messageId) end
redis.call('HSET', keys.message, 'by', args.run)
redis.call('DECR', keys.inFlight)
redis.call('SREM', keys.open, args.messageId)
if isMissed or (state == STATE.suppressed and isCritical()) then indexEnded(keys.ended, args.messageId) end
-- The claim stays, because a digest contains the message: without it, repeats would be sent or added to a digest again.
if state ~= STATE.accepted and state ~= STATE.unknown and redis.call('HEXISTS', keys.message, 'digest') == 0 then releaseClaim() end
if state == STATE.unknown then
  local now = nowMs()
  redis.call('ZADD', keys.unknown, now, args.messageId)
  redis.call('ZREMRANGEBYSCORE', keys.unknown, '-inf', now - LEDGER_TTL_MS)
  redis.call('PEXPIRE', keys.unknown, LEDGER_TTL_MS)
  if args.keep then redis.call('SET', keys.kept, args.keep, 'PX', LEDGER_TTL_MS) end
end
return ending
