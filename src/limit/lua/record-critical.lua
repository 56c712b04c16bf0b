redis.call('ZADD', keys.sentCriticals, args.now, args.dedupHash)
redis.call('ZREMRANGEBYSCORE', keys.sentCriticals, '-inf', args.now - args.rememberMs)
redis.call('PEXPIRE', keys.sentCriticals, args.rememberMs)
if redis.call('HGET', keys.keptSlot, 'critical') == args.messageId then
  redis.call('HDEL', keys.keptSlot, 'critical', 'until')
  redis.call('HSET', keys.keptSlot, 'turnUntil', args.now + args.windowMs)
  redis.call('PEXPIRE', keys.keptSlot, args.rememberMs)
end
