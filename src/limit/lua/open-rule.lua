-- Updates the limiter's settings: config changes apply immediately, and messages already sent still count.
local function openRule(rule)
  rule.limiter = limiter(rule.keys, { now, client })
  local max = redis.call('hget', rule.settings, 'maxConcurrent')
  if not max then
    rule.new, rule.running, rule.capacity = true, 0, tonumber(rule.max)
    return
  end
  if max ~= rule.max then rule.limiter.update_settings({ now, client, 'maxConcurrent', rule.max }) end
  local state = rule.limiter.tick()
  rule.running, rule.capacity = state.running, state.capacity
end
