if not redis.call('LPOS', keys.active, args.jobId) then return 'gone' end
-- A script that stops keeps what it wrote, so the job leaves `active` only after the writes that another type of key may stop.
redis.call('HSET', keys.job, 'failedReason', args.reason, 'finishedOn', args.now)
redis.call('ZADD', keys.failed, args.now, args.jobId)
redis.call('LREM', keys.active, 0, args.jobId)
redis.pcall('SREM', keys.stalled, args.jobId)
redis.call('DEL', keys.lock)
return 'failed'
