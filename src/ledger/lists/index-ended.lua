-- Indexes a message that has just ended. An outdated entry is harmless: the reader compares it with the ledger.
local function indexEnded(set, messageId)
  local now = nowMs()
  redis.call('ZADD', set, now, messageId)
  redis.call('ZREMRANGEBYSCORE', set, '-inf', now - LEDGER_TTL_MS)
  redis.call('PEXPIRE', set, LEDGER_TTL_MS)
end
