local whole = redis.call('HGET', keys.routeKinds, WHOLE)
local answers = {}
for n, route in ipairs(args.routes) do
  local before = redis.call('HGET', keys.routeKinds, route.name) or whole
  local kind = 'simulated'
  if not route.isSimulated then
    kind = before or '0'
    if before == 'simulated' then kind = args.now end
  end
  redis.call('HSET', keys.routeKinds, route.name, kind)
  answers[n] = kind == 'simulated' and '0' or string.format('%.0f', kind)
end
return answers
