-- When the lease of the message ends, which is shortened where it is too long.
local function boundLease(lease, now)
  if lease <= now + LONGEST_LEASE_MS then return lease end
  redis.call('HSET', keys.message, 'lease', now + LONGEST_LEASE_MS)
  return now + LONGEST_LEASE_MS
end
