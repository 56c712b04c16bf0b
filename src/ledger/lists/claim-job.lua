-- Returns the job data of `id` to one caller only; `member` is counted among the requeued ones.
local function claimJob(id, member)
  local now = nowMs()
  local dueAt = redis.call('ZSCORE', keys.list, id)
  if not dueAt or tonumber(dueAt) > now - args.quietMs then return false end
  redis.call('ZADD', keys.list, 'XX', now, id)
  redis.call('ZADD', keys.requeued, now, member)
  redis.call('ZREMRANGEBYSCORE', keys.requeued, '-inf', now - REQUEUED_TTL_MS)
  redis.call('ZREMRANGEBYRANK', keys.requeued, 0, -(REQUEUED_KEPT + 1))
  redis.call('PEXPIRE', keys.requeued, REQUEUED_TTL_MS)
  return true
end
