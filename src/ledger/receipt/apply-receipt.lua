local state, acceptedAt, events, receiptBy, receiptFrom, receiptNoted, unknowns, providerMessageId, attempts, parts = unpack(redis.call(
  'HMGET', keys.message, 'state', 'acceptedAt', 'events', 'receiptBy', 'receiptFrom', 'receiptNoted', 'unknowns', 'providerMessageId', 'attempts', 'parts'))
if not state then return 'missing' end
if receiptBy == args.run then return { 'moved', receiptFrom, state, acceptedAt or '' } end

-- Ignores a provider that was never asked to send the message; one that refused it cannot report a failure.
local wasAsked, hasRefused = not attempts, false
for n = 1, tonumber(attempts or '0') do
  local attempt = cjson.decode(redis.call('HGET', keys.message, 'attempt:' .. n) or '{}')
  if attempt.provider == args.provider then
    wasAsked, hasRefused = true, attempt.result == RESULT.refused or attempt.resolution == RESULT.confirmed_not_sent
    if not hasRefused then break end
  end
end
if not wasAsked then return 'missing' end

-- Where parts are reported separately, their states are stored per part: one failed part fails the message, which is
-- delivered when all parts are.
local word, event, isPart = args.word, args.event, false
if parts and args.providerMessageId and RECEIPTS[state].delivered ~= KEPT.early then
  local hasFailed, isAll, known = false, true, {}
  for n, id in ipairs(cjson.decode(parts)) do
    known[n] = 'part:' .. id
    isPart = isPart or id == args.providerMessageId
  end
  if isPart then
    local part = 'part:' .. args.providerMessageId
    local before = redis.call('HGET', keys.message, part)
    if before ~= WORD.delivered and not (before and word == WORD.pending) then redis.call('HSET', keys.message, part, word) end
    for _, reported in ipairs(redis.call('HMGET', keys.message, unpack(known))) do
      hasFailed, isAll = hasFailed or reported == WORD.undelivered, isAll and reported == WORD.delivered
    end
    word = hasFailed and WORD.undelivered or isAll and WORD.delivered or WORD.pending
    if word ~= args.word then event = args.partEvent end
  end
end

-- A message with an unresolved attempt may have two at providers: only a report on the accepted one can fail it.
local step = RECEIPTS[state][word]
local isAnother = not isPart and tonumber(unknowns or '0') > 0 and providerMessageId and args.providerMessageId
  and providerMessageId ~= args.providerMessageId
if (isAnother or hasRefused) and word ~= WORD.delivered then step = KEPT.late end

local lines = events or ''
if step == KEPT.pending or step == KEPT.late then
  local noted = step .. ' ' .. word .. (isPart and ' ' .. args.providerMessageId or '')
  if receiptNoted ~= noted and #lines < EVENTS_LENGTH then
    redis.call('HSET', keys.message, 'receiptNoted', noted, 'events', lines .. (step == KEPT.late and args.lateEvent or event))
  end
  return { 'kept', step, state }
end
if not RECEIPTS[step] then return { 'kept', step, state } end

redis.call('HSET', keys.message, 'state', step, 'receiptBy', args.run, 'receiptFrom', state, 'events', lines .. event)
redis.call('HDEL', keys.message, 'reason')
if step == STATE.undelivered then indexEnded(keys.undelivered, args.messageId) end
if args.reason then redis.call('HSET', keys.message, 'reason', args.reason) end
if state == STATE.unknown then
  redis.call('ZREM', keys.unknown, args.messageId)
  redis.call('DEL', keys.kept)
  redis.call('HSET', keys.message, 'provider', args.provider)
  if args.providerMessageId then
    redis.call('HSET', keys.message, 'providerMessageId', args.providerMessageId)
    for _, index in ipairs(keys.receiptIndexes) do redis.call('SET', index, args.messageId, 'PX', RECEIPT_INDEX_TTL_MS) end
  end
  if step == STATE.accepted then redis.call('HSET', keys.message, 'acceptedAt', args.at) end
end
local card = cjson.decode(redis.call('HGET', keys.message, 'card') or '{}')
local entry = cjson.decode(args.journalLine)
entry.alertId = card.alertId
writeEntry('message', cjson.encode(entry), step)
return { 'moved', state, step, acceptedAt or '' }
