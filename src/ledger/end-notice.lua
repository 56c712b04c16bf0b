if redis.call('EXISTS', keys.alert) == 0 then return 'first' end
local ended, events = unpack(redis.call('HMGET', keys.alert, args.field, 'events'))
if ended and string.sub(ended, 1, #args.ending) == args.ending then return string.sub(ended, -1) == '1' and 'first' or 'later' end
redis.call('HSET', keys.alert, args.field, args.ending .. ' ' .. (ended and 0 or 1), 'events', (events or '') .. args.event)
return ended and 'later' or 'first'
