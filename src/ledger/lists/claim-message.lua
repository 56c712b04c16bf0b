local state, job, events, token, lease = unpack(redis.call('HMGET', keys.message, 'state', 'job', 'events', 'token', 'lease'))
if not job or not IN_FLIGHT[state] then
  redis.call('ZREM', keys.list, args.messageId)
  redis.call('HDEL', keys.message, 'job')
  return nil
end
-- A run is sending it, in the job of its alert.
if token and tonumber(lease) > nowMs() then return nil end
if not claimJob(args.messageId, args.messageId) then return nil end
local lines = events or ''
if #lines < EVENTS_LENGTH then redis.call('HSET', keys.message, 'events', lines .. args.event) end
return job
