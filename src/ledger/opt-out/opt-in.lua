local held = redis.call('HGET', keys.optOuts, args.phoneHash)
if held and tonumber(string.match(held, '^%d+')) >= args.at then return 'opted_out' end
redis.call('HDEL', keys.optOuts, args.phoneHash)
local before = redis.call('GET', keys.optedIn)
if not before or tonumber(before) < args.at then redis.call('SET', keys.optedIn, args.at, 'PX', OPTED_IN_TTL_MS) end
return 'opted_in'
