local state, events = unpack(redis.call('HMGET', keys.message, 'state', 'events'))
if not NOTED[state] then return end
local lines = events or ''
if string.sub(lines, -#args.event) ~= args.event then redis.call('HSET', keys.message, 'events', lines .. args.event) end
