if redis.call('HGET', keys.gathering, 'id') == args.digestId then redis.call('HSET', keys.gathering, 'job', 1) end
