local now = args.now or nowMs()
-- bottleneck keeps data per client; these limiters have no queue, so that all replicas can share one client name
local client = 'sms-dispatch'

local rules = {}
for n, rule in ipairs(args.rules) do
  local names = currentNames({ unpack(keys.limiters, (n - 1) * KEYS_PER_LIMITER + 1, n * KEYS_PER_LIMITER) })
  rules[n] = {
    keys = names,
    settings = names[SETTINGS_KEY],
    weights = names[WEIGHTS_KEY],
    slots = names[SLOTS_KEY],
    max = rule.max,
    window = rule.windowMs,
    reserve = rule.reserve,
    weight = rule.weight,
  }
end
