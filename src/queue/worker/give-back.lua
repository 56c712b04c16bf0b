local found = redis.call('TYPE', keys.own).ok
if found == 'none' or found == args.kind then return end
redis.call('RENAME', keys.own, keys.beside)
redis.call('DEL', keys.lock)
-- These names may be in use as well.
redis.pcall('SREM', keys.stalled, args.jobId)
redis.pcall('LREM', keys.active, 0, args.jobId)
redis.pcall('LREM', keys.wait, 0, args.jobId)
redis.pcall('ZREM', keys.prioritized, args.jobId)
redis.pcall('ZREM', keys.delayed, args.jobId)
