local found = redis.call('TYPE', keys.own).ok
if found == 'none' or found == args.kind then return {} end
-- A job may have taken this name.
local held = redis.pcall('GET', keys.lock)
if type(held) == 'string' and string.sub(held, 1, 6) == 'sweep:' then return {} end
redis.call('SET', keys.lock, args.claim, 'PX', args.claimMs)
if found ~= 'hash' then return { '', '' } end
local record = redis.call('HMGET', keys.own, 'timestamp', 'data')
return { record[1] or '', record[2] or '' }
