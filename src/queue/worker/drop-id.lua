if redis.call('LREM', keys.active, 0, args.jobId) == 0 then return 'gone' end
-- This key may be taken by a job with that id.
redis.pcall('SREM', keys.stalled, args.jobId)
redis.call('DEL', keys.lock)
return 'dropped'
