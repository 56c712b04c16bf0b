for _, rule in ipairs(rules) do
  if redis.call('zscore', rule.slots, args.slot) then
    redis.call('zadd', rule.slots, now + rule.window, args.slot)
  else
    openRule(rule)
    local weight = math.min(rule.weight, rule.capacity)
    if weight > 0 then takeSlot(rule, weight, rule.window) end
  end
end
