-- A job that no worker has started is a new job with the same id.
if redis.call('TYPE', keys.job).ok ~= 'hash' or redis.call('HEXISTS', keys.job, 'processedOn') == 0 then
  redis.call('LREM', keys.active, 0, args.jobId)
  return 'gone'
end
local function leave()
  redis.call('LREM', keys.active, 0, args.jobId)
  -- The key may be taken by a job of that id.
  redis.pcall('SREM', keys.stalled, args.jobId)
  redis.call('DEL', keys.lock)
end
if cmsgpack.unpack(args.options).keepJobs.count == 0 then
  leave()
  redis.call('DEL', keys.job)
  for _, part in ipairs({ ':logs', ':dependencies', ':processed', ':failed', ':unsuccessful' }) do
    redis.call('DEL', keys.job .. part)
  end
  return 'ended'
end
redis.call('HSET', keys.job, args.field, args.value, 'finishedOn', args.now)
redis.call('HDEL', keys.job, 'defa', 'parent', 'parentKey', 'deid')
-- The script stops here if another type of key has taken this one; the job is then still active.
redis.call('ZADD', keys.finished, args.now, args.jobId)
leave()
return 'ended'
