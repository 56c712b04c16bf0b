-- Returns whether the dedup key of an alert was resolved, or else acknowledged, after the alert was received, and who did it.
-- An acknowledgement is stored as `at, run, by`.
local function closedBy()
  local resolvedAt = redis.call('GET', keys.resolved)
  if resolvedAt and tonumber(resolvedAt) > args.receivedAt then return 'resolved' end
  local at, by = string.match(redis.call('GET', keys.acknowledged) or '', '^(%d+) %S+ (.*)$')
  if at and tonumber(at) > args.receivedAt then return 'acknowledged', by end
end
