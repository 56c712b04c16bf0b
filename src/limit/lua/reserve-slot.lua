-- Returns when the oldest slots with this total weight have all expired; nil if all slots together weigh less.
local function expiryOf(rule, excess)
  -- the first slot weighs enough for an excess of 1; and as many slots as they weigh together weigh 1 each
  if excess == 1 or rule.running == redis.call('zcard', rule.slots) then
    return redis.call('zrange', rule.slots, excess - 1, excess - 1, 'withscores')[2]
  end
  local from, batch = 0, 500
  while true do
    local found = redis.call('zrange', rule.slots, from, from + batch - 1, 'withscores')
    if #found == 0 then return nil end
    local oldest = {}
    for i = 1, #found, 2 do oldest[#oldest + 1] = found[i] end
    local weights = redis.call('hmget', rule.weights, unpack(oldest))
    for i = 1, #oldest do
      excess = excess - (tonumber(weights[i]) or 0)
      if excess <= 0 then return found[2 * i] end
    end
    from = from + batch
  end
end

local full, wait, isKnown = nil, 0, false
for n, rule in ipairs(rules) do
  openRule(rule)
  if not rule.new and redis.call('zscore', rule.slots, args.slot) then
    rule.held, isKnown = true, true
  elseif not rule.limiter.fits(rule.capacity, rule.weight + rule.reserve) then
    -- room comes when enough of the oldest have expired; a rule that never has room waits a window
    local last = expiryOf(rule, rule.weight + rule.reserve - rule.capacity)
    local ms = last and last + 1 - now or rule.window
    if ms > wait then full, wait = n, ms end
  end
end
if full then return { 'full', full, wait } end
for _, rule in ipairs(rules) do
  if rule.held then
    redis.call('zadd', rule.slots, now + rule.window + args.leaseMs, args.slot)
    keepRule(rule)
  else
    takeSlot(rule, rule.weight, rule.window + args.leaseMs)
  end
end
return { 'held', isKnown and 0 or 1 }
