if redis.call('HGET', keys.message, 'state') == STATE.unknown then return end
redis.call('ZREM', keys.unknown, args.messageId)
redis.call('DEL', keys.kept)
