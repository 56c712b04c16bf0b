local outcome, reason = unpack(redis.call('HMGET', keys.alert, 'outcome', 'reason'))
if outcome == 'suppressed' and reason == REASON.expired then redis.call('HDEL', keys.alert, 'by', 'outcome', 'reason') end
