local addedBy, card = unpack(redis.call('HMGET', keys.message, 'addedBy', 'card'))
if card then return addedBy == args.run and 'fresh' or 'again' end
local messages = redis.call('HGET', keys.alert, 'messages')
if not messages then return 'missing' end
redis.call('HSET', keys.message, 'addedBy', args.run, unpack(args.fields))
redis.call('PEXPIRE', keys.message, LEDGER_TTL_MS)
redis.call('HSET', keys.alert, 'messages', messages .. ' ' .. args.messageId)
redis.call('PEXPIRE', keys.alert, LEDGER_TTL_MS)
redis.call('INCR', keys.inFlight)
if redis.call('HEXISTS', keys.message, 'job') == 1 then follow(args.messageId) end
return 'fresh'
