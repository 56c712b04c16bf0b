if redis.call('LREM', keys.active, 0, args.jobId) == 0 then return 'gone' end
redis.call('HSET', keys.job, 'failedReason', args.reason, 'finishedOn', args.now)
redis.call('ZADD', keys.failed, args.now, args.jobId)
redis.call('SREM', keys.stalled, args.jobId)
redis.call('DEL', keys.lock)
return 'failed'
