local paused, concurrency, max = unpack(redis.call('HMGET', keys.meta, 'paused', 'concurrency', 'max'))
if paused or concurrency or max then return 'restricted' end
return 'unrestricted'
