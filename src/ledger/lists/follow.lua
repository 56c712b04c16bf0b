-- Adds the message to those whose job is checked.
local function follow(messageId)
  redis.call('ZADD', keys.openMessages, redis.call('TIME')[1] * 1000, messageId)
  redis.call('PEXPIRE', keys.openMessages, LEDGER_TTL_MS)
end
