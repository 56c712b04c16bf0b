redis.call('ZREM', keys.pendingAlerts, args.alertId)
redis.call('DEL', keys.pendingJob)
local by, outcome = unpack(redis.call('HMGET', keys.alert, 'by', 'outcome'))
if by == args.run then return 'recorded' end
if by and outcome ~= 'malformed' then return otherContent() == 'new' and 'other_content' or 'known' end
redis.call('DEL', keys.alert)
redis.call('HSET', keys.alert, 'by', args.run, unpack(args.fields))
redis.call('PEXPIRE', keys.alert, LEDGER_TTL_MS)
writeEntry('alert', args.journalLine)
if args.isMissed then miss(MISSED_ALERT .. args.alertId) end
return 'recorded'
