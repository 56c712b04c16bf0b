if redis.call('HGET', keys.message, 'digest') == args.digestId then releaseClaim() end
