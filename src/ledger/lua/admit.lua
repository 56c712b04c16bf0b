local by, outcome, mutedBefore = unpack(redis.call('HMGET', keys.alert, 'by', 'outcome', 'muted'))
if by == args.run then return { 'admitted', mutedBefore or '' } end
if outcome == 'routed' then return { 'known', mutedBefore or '', otherContent() } end
if outcome and outcome ~= 'malformed' then return { 'settled', otherContent() } end

local over, overBy = closedBy()
if over == 'acknowledged' then return { 'acknowledged', overBy } end
if over then return 'resolved' end

-- Claims held by other alerts, with those alerts (`muted` alternates both), and free claims.
local holders, muted, free = {}, {}, {}
if args.dedupeMs > 0 then
  local now = nowMs()
  local function look(claim)
    if not claim then return end
    local id, rank = claimHolder(claim, now)
    if id and rank >= args.rank then
      holders[claim] = id
      muted[#muted + 1] = claim .. ' ' .. id
    else
      free[#free + 1] = claim
    end
  end
  for _, channel in ipairs(args.channels) do look(channel.claim) end
  for _, message in ipairs(args.messages) do look(message.claim) end
  if #muted > 0 and #free == 0 then return { 'duplicate', string.match(muted[1], ' (.*)$') } end
  if #free > 0 then takeClaims(free, now) end
end

if by then redis.call('DEL', keys.alert) end
redis.call('HSET', keys.alert, 'by', args.run, unpack(args.fields))
if #muted > 0 then
  local events = redis.call('HGET', keys.alert, 'events') or ''
  for _, channel in ipairs(args.channels) do
    local of = holders[channel.claim]
    if of then events = events .. string.gsub(channel.duplicateEvent, DUPLICATE_OF, of) end
  end
  redis.call('HSET', keys.alert, 'muted', table.concat(muted, ' '), 'events', events)
end
writeEntry('alert', args.journalLine)
redis.call('ZREM', keys.pendingAlerts, args.alertId)
redis.call('DEL', keys.pendingJob)

local open = 0
for n, message in ipairs(args.messages) do
  local key, of, line = keys.messages[n], holders[message.claim], message.journalLine
  redis.call('HSET', key, unpack(message.fields))
  if of then
    local events = redis.call('HGET', key, 'events') or ''
    redis.call('HSET', key, 'state', STATE.suppressed, 'reason', REASON.duplicate, 'duplicateOf', of,
      'events', events .. string.gsub(args.duplicateEvent, DUPLICATE_OF, of))
    redis.call('HDEL', key, 'until', 'job')
    line = string.gsub(args.duplicateLine, DUPLICATE_ID, message.id)
  elseif message.claim then
    open = open + 1
    redis.call('SADD', keys.open, message.id)
    if message.hasJob then follow(message.id) end
  end
  if line then writeEntry('message', line) end
  redis.call('PEXPIRE', key, LEDGER_TTL_MS)
end
if open > 0 then
  redis.call('INCRBY', keys.inFlight, open)
  redis.call('PEXPIRE', keys.open, LEDGER_TTL_MS)
end
redis.call('PEXPIRE', keys.alert, LEDGER_TTL_MS)
return { 'admitted', table.concat(muted, ' ') }
