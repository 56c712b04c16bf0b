-- Returns when the lease of the message ends, shortened if it is too long.
local function boundLease(lease, now)
  if lease <= now + LONGEST_LEASE_MS then return lease end
  redis.call('HSET', keys.message, 'lease', now + LONGEST_LEASE_MS)
  return now + LONGEST_LEASE_MS
end
