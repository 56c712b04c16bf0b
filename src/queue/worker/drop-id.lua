if redis.call('LREM', keys.active, 0, args.jobId) == 0 then return 'gone' end
redis.call('SREM', keys.stalled, args.jobId)
redis.call('DEL', keys.lock)
return 'dropped'
