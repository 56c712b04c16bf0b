local token, lease = unpack(redis.call('HMGET', keys.message, 'token', 'lease'))
if not token or token ~= args.token then return 0 end
return boundLease(tonumber(lease), nowMs())
