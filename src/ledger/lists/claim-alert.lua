local job = redis.call('GET', keys.pendingJob)
if not job or redis.call('HEXISTS', keys.alert, 'outcome') == 1 then
  redis.call('ZREM', keys.list, args.alertId)
  redis.call('DEL', keys.pendingJob)
  return nil
end
if not claimJob(args.alertId, MISSED_ALERT .. args.alertId) then return nil end
return job
