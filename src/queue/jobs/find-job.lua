if redis.call('EXISTS', keys.job) == 0 then return 'gone' end
local due = redis.call('ZSCORE', keys.delayed, args.jobId)
if due then return { 'delayed', due } end
for _, set in ipairs({ keys.prioritized, keys.waitingChildren }) do
  if redis.call('ZSCORE', set, args.jobId) then return 'there' end
end
if redis.call('ZSCORE', keys.failed, args.jobId) then return 'failed' end
for _, list in ipairs({ keys.active, keys.paused, keys.wait }) do
  if redis.call('LPOS', list, args.jobId, 'RANK', -1) then return 'there' end
end
redis.call('ZREM', keys.completed, args.jobId)
redis.call('DEL', keys.job, keys.job .. ':logs', keys.job .. ':lock')
return 'gone'
