if redis.call('ZREM', keys.failed, args.jobId) == 0 then return 'gone' end
redis.call('DEL', keys.job, keys.job .. ':logs')
return 'discarded'
