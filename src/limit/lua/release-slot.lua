for _, rule in ipairs(rules) do
  if redis.call('exists', rule.settings) == 1 and redis.call('zscore', rule.slots, args.slot) then
    limiter(rule.keys, { now, client }).free({ now, client, args.slot })
  end
end
