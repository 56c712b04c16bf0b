-- Keys live longer than any slot in them. All eight are renewed together if some may be new or their TTL runs low.
local function keepRule(rule)
  local needed = rule.window + args.leaseMs + 60000
  if rule.running == 0 or redis.call('pttl', rule.settings) < needed then
    rule.limiter.expire(math.ceil(needed + rule.window / 2))
  end
end

local function takeSlot(rule, weight, expiration)
  if rule.new then
    -- 1: without the settings, what is left in the other keys would be counted wrongly
    rule.limiter.init({ now, client, 1, BOTTLENECK_VERSION, 'id', args.channel, 'maxConcurrent', rule.max, 'minTime', 0,
      'clientTimeout', expiration, 'version', BOTTLENECK_VERSION })
  end
  rule.limiter.register({ now, client, args.slot, weight, expiration })
  keepRule(rule)
end
