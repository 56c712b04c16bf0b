import { nowLua } from '../redis/clock/redis-clock.ts';
import { defineScript } from '../redis/define-script.ts';
import { luaPart } from '../redis/lua-source.ts';

/**
 * Longest lease of an attempt: the longest provider timeout that the config allows, plus a margin. A lease that ends
 * later was written before the Redis clock was set back. Its attempt has less than that left, so a lease of this length
 * from now on is safe, and the message does not stay `sending` for as long as the clock was set back.
 */
export const LONGEST_LEASE_MS = 6 * 60_000;

/** Lua function `boundLease(lease, now)`. Needs `keys.message`. */
export const boundLeaseLua = luaPart(new URL('bound-lease.lua', import.meta.url), { constants: { LONGEST_LEASE_MS } });

/** Returns when the lease of the open attempt ends; 0 if the attempt is no longer open. */
export const renewLeaseScript = defineScript(new URL('renew-lease.lua', import.meta.url), {
  keys: ['message'],
  args: { token: 'string' },
  reply: Number,
  includes: [nowLua, boundLeaseLua],
});
