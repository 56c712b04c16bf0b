-- Stops here if another type of key has taken this one: the job could not be failed after its outcome is recorded.
redis.call('ZCARD', keys.failed)
if not redis.call('LPOS', keys.active, args.jobId) then return 'gone' end
-- A job may have taken this name.
local held = redis.pcall('GET', keys.lock)
if type(held) == 'string' and string.sub(held, 1, 6) == 'sweep:' then return 'taken' end
redis.call('SET', keys.lock, args.claim, 'PX', args.claimMs)
return 'claimed'
