import { nowLua } from '../redis/clock/redis-clock.ts';
import type { Redis } from '../redis/connect.ts';
import { defineScript } from '../redis/define-script.ts';
import type { Keys } from '../redis/keys.ts';
import { luaPart } from '../redis/lua-source.ts';
import { BOTTLENECK_PREFIX } from './caps/bottleneck-lua.ts';

/**
 * Under which names the caps are counted. Releases before 0.1.0 counted under names that begin with `b_`, and a cap must
 * hold while they run beside this one.
 * - `earlier`: such a process runs. All count under the earlier names.
 * - `moving`: none does any more. A limiter that has only earlier names is renamed when it is next used.
 * - `current`: there is nothing under earlier names.
 */
export type CapNames = 'earlier' | 'moving' | 'current';

/** An earlier limiter lives for one and a half of its windows, of which the longest is 31 days: nothing is left of it after this. */
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
 * Decides under which names all processes count from now on. To be called before the first message is sent, and again
 * until the answer is no longer `earlier`. It never goes back, so that a process of an earlier release that starts later
 * counts by itself.
 * @param earlierRuns a process of an earlier release runs
 */
export function settleCapNames(redis: Redis, keys: Keys, earlierRuns: boolean): Promise<CapNames> {
  return settleNamesScript(redis, {
    keys: { capNames: keys.capNames(), journal: keys.journal() },
    args: { isEarlierRunning: earlierRuns },
  });
}
