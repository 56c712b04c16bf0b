redis.call('LREM', keys.active, 0, args.jobId)
-- A job that no worker has started is a new job with the same id.
if redis.call('TYPE', keys.job).ok ~= 'hash' or redis.call('HEXISTS', keys.job, 'processedOn') == 0 then return 'gone' end
-- The key may be taken by a job of that id.
redis.pcall('SREM', keys.stalled, args.jobId)
redis.call('DEL', keys.lock)
if cmsgpack.unpack(args.options).keepJobs.count == 0 then
  redis.call('DEL', keys.job)
  for _, part in ipairs({ ':logs', ':dependencies', ':processed', ':failed', ':unsuccessful' }) do
    redis.call('DEL', keys.job .. part)
  end
  return 'ended'
end
redis.call('HSET', keys.job, args.field, args.value, 'finishedOn', args.now)
redis.call('HDEL', keys.job, 'defa', 'parent', 'parentKey', 'deid')
redis.call('ZADD', keys.finished, args.now, args.jobId)
return 'ended'
