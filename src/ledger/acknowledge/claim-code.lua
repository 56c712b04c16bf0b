for n, key in ipairs(keys.codes) do
  if redis.call('GET', key) == args.messageId then return n end
end
local own = 1
while own < #keys.codes and redis.call('EXISTS', keys.codes[own]) == 1 do own = own + 1 end
redis.call('SET', keys.codes[own], args.messageId, 'PX', ACK_CODE_TTL_MS)
redis.call('ZADD', keys.byTime, args.now, args.messageId)
redis.call('ZREMRANGEBYSCORE', keys.byTime, '-inf', args.now - ACK_CODE_TTL_MS)
redis.call('PEXPIRE', keys.byTime, ACK_CODE_TTL_MS)
return own
