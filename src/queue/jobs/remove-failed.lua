if redis.call('ZREM', keys.failed, args.jobId) == 0 then return end
redis.call('DEL', keys.job, keys.job .. ':logs', keys.job .. ':lock')
