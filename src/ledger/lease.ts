import { createScript } from '../redis/script.ts';

/**
 * The longest lease of an attempt: the longest timeout of a provider that the config takes, and a margin. One that ends later
 * was written before Redis' clock was set back. Its attempt has less than that left to live, so a lease of this length from now
 * on is safe, and the message does not stay `sending` for as long as the clock was set back.
 */
export const LONGEST_LEASE_MS = 6 * 60_000;

/** Lua function `boundLease(key, lease, now)`: when the lease of the message ends, which it shortens where it is too long. */
export const BOUND_LEASE = `
local function boundLease(key, lease, now)
  if lease <= now + ${LONGEST_LEASE_MS} then return lease end
  redis.call('HSET', key, 'lease', now + ${LONGEST_LEASE_MS})
  return now + ${LONGEST_LEASE_MS}
end
`;

/** KEYS message. ARGV token of the open attempt. Answers when its lease ends; 0 when the attempt is not open any more. */
export const renewLeaseScript = createScript<number>(`
${BOUND_LEASE}
local m = redis.call('HMGET', KEYS[1], 'token', 'lease')
if not m[1] or m[1] ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
return boundLease(KEYS[1], tonumber(m[2]), time[1] * 1000 + math.floor(time[2] / 1000))
`);
