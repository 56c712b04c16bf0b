import { nowLua } from '../redis/clock/redis-clock.ts';
import { defineScript } from '../redis/define-script.ts';
import { luaPart } from '../redis/lua-source.ts';

/**
 * The longest lease of an attempt: the longest timeout of a provider that the config takes, and a margin. One that ends later
 * was written before Redis' clock was set back. Its attempt has less than that left to live, so a lease of this length from now
 * on is safe, and the message does not stay `sending` for as long as the clock was set back.
 */
export const LONGEST_LEASE_MS = 6 * 60_000;

/** Lua function `boundLease(lease, now)`. Needs `keys.message`. */
export const boundLeaseLua = luaPart(new URL('bound-lease.lua', import.meta.url), { constants: { LONGEST_LEASE_MS } });

/** Answers when the lease of the open attempt ends; 0 when the attempt is no longer open. */
export const renewLeaseScript = defineScript(new URL('renew-lease.lua', import.meta.url), {
  keys: ['message'],
  args: { token: 'string' },
  reply: Number,
  includes: [nowLua, boundLeaseLua],
});
