if redis.call('HSETNX', keys.entries, args.id, args.entry) == 0 then return end
redis.call('ZADD', keys.order, args.at, args.id)
local excess = redis.call('ZCARD', keys.order) - INBOUND_LENGTH
if excess > 0 then
  local oldest = redis.call('ZPOPMIN', keys.order, excess)
  for at = 1, #oldest, 2 do redis.call('HDEL', keys.entries, oldest[at]) end
end
