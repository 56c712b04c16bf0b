redis.call('ZADD', keys.list, 'XX', nowMs() + args.waitMs, args.id)
