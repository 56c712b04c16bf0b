local now = args.now or nowMs()
local names = foundNames({ keys.settings, keys.weights, keys.slots })
local running = tonumber(redis.call('hget', names[1], 'running'))
if not running then return 0 end
-- what has expired since the last tick: usually nothing, and after a long pause all of it
local expired = redis.call('zcount', names[3], '-inf', '(' .. now)
if expired == redis.call('zcard', names[3]) then return 0 end
for from = 0, expired - 1, 500 do
  local slots = redis.call('zrange', names[3], from, math.min(from + 499, expired - 1))
  for _, weight in ipairs(redis.call('hmget', names[2], unpack(slots))) do running = running - (tonumber(weight) or 0) end
end
return running
