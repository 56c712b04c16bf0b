import { nowLua } from '../redis/clock/redis-clock.ts';
import type { Redis } from '../redis/connect.ts';
import { defineScript } from '../redis/define-script.ts';
import type { Keys } from '../redis/keys.ts';
import { luaPart } from '../redis/lua-source.ts';
import { BOTTLENECK_PREFIX } from './caps/bottleneck-lua.ts';

/**
 * Key names of the caps. Releases before 0.1.0 used names that begin with `b_`, and a cap must hold while such a
 * process runs beside this one.
 * - `earlier`: such a process runs. All processes use the earlier names.
 * - `moving`: none runs any more. A limiter that has only earlier names is renamed at its next use.
 * - `current`: no earlier names are left.
 */
export type CapNames = 'earlier' | 'moving' | 'current';

/** Time after which no earlier limiter is left: it lives for one and a half of its windows, the longest of which is 31 days. */
const MOVED_AFTER_MS = 50 * 86_400_000;

/** Lua variable `capNames`, functions `earlier(names)` and `isLeft(names)`. Needs `keys.capNames`. */
const earlierNamesLua = luaPart(new URL('lua/earlier-names.lua', import.meta.url), { constants: { BOTTLENECK_PREFIX } });
/** Lua function `currentNames(names)`. Needs `keys.capNames`, the key of {@link settleCapNames}. */
export const currentNamesLua = luaPart(new URL('lua/current-names.lua', import.meta.url), { includes: [earlierNamesLua] });
/** Lua function `foundNames(names)`. Needs `keys.capNames`. */
export const foundNamesLua = luaPart(new URL('lua/found-names.lua', import.meta.url), { includes: [earlierNamesLua] });

const settleNamesScript = defineScript(new URL('lua/settle-names.lua', import.meta.url), {
  keys: ['capNames', 'journal'],
  args: { isEarlierRunning: 'flag' },
  reply: ['earlier', 'moving', 'current'],
  constants: { MOVED_AFTER_MS },
  includes: [nowLua],
});

/**
 * Decides which names all processes use from now on. Must be called before the first message is sent, and repeated
 * until the result is no longer `earlier`. It never goes back to `earlier`, so that a process of an earlier release
 * that starts later counts separately.
 * @param earlierRuns a process of an earlier release runs
 */
export function settleCapNames(redis: Redis, keys: Keys, earlierRuns: boolean): Promise<CapNames> {
  return settleNamesScript(redis, {
    keys: { capNames: keys.capNames(), journal: keys.journal() },
    args: { isEarlierRunning: earlierRuns },
  });
}
