-- Records that a critical message waits from now on, unless it already did.
local function hold(id)
  redis.call('ZADD', keys.heldCriticals, 'NX', nowMs(), id)
  redis.call('PEXPIRE', keys.heldCriticals, LEDGER_TTL_MS)
end

local function unhold(id) redis.call('ZREM', keys.heldCriticals, id) end
