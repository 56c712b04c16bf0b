-- Records that a critical alert or message failed or expired now.
local function miss(member)
  local now = nowMs()
  redis.call('ZADD', keys.missedCriticals, now, member)
  redis.call('ZREMRANGEBYSCORE', keys.missedCriticals, '-inf', now - MISSED_TTL_MS)
  redis.call('PEXPIRE', keys.missedCriticals, MISSED_TTL_MS)
end
