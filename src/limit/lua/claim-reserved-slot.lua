local critical, untilAt, turnUntil = unpack(redis.call('HMGET', keys.keptSlot, 'critical', 'until', 'turnUntil'))
local sentAt = redis.call('ZSCORE', keys.sentCriticals, args.dedupHash)
if sentAt and tonumber(sentAt) > args.now - args.rememberMs then return 'closed' end
if critical and critical ~= args.messageId and tonumber(untilAt) > args.now then return 'closed' end
redis.call('HSET', keys.keptSlot, 'critical', args.messageId, 'until', args.claimedUntil)
redis.call('PEXPIRE', keys.keptSlot, args.rememberMs)
-- A turn of the digest that ended a window ago is ignored: the digest may be waiting for the end of quiet hours.
if turnUntil and tonumber(turnUntil) > args.now and redis.call('EXISTS', keys.gathering) == 1 then return 'waits' end
return 'its own'
