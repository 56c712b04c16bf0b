if redis.call('EXISTS', keys.scheduler) == 0 then return end
if redis.call('HEXISTS', keys.scheduler, 'data') == 1 and redis.call('HEXISTS', keys.scheduler, 'dataOfJob') == 0 then return end
redis.call('HSET', keys.scheduler, 'data', args.data, 'dataOfJob', '1')
