return redis.call('ZRANGEBYSCORE', keys.list, '-inf', nowMs() - args.quietMs, 'LIMIT', 0, args.limit)
