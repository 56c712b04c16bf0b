local before = redis.call('GET', keys.resolved)
if not before or tonumber(before) < args.at then redis.call('SET', keys.resolved, args.at, 'PX', RESOLVED_TTL_MS) end
local claims = redis.call('HGETALL', keys.claims)
for i = 1, #claims, 2 do
  if tonumber(string.match(claims[i + 1], '^%d+ (%d+)')) <= args.at then redis.call('HDEL', keys.claims, claims[i]) end
end
return redis.call('SMEMBERS', keys.open)
