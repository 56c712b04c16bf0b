import { nowLua } from '../../redis/clock/redis-clock.ts';
import type { Redis } from '../../redis/connect.ts';
import { defineScript } from '../../redis/define-script.ts';
import type { Keys } from '../../redis/keys.ts';
import { foundNamesLua } from '../cap-names.ts';
import { limiterKeys, SETTINGS_KEY, SLOTS_KEY, WEIGHTS_KEY } from './bottleneck-lua.ts';
import { hourCounter } from './cap-rules.ts';

/** What `reserve` would count, without its tick: a look changes nothing. `now`: ms, `undefined` for Redis' own clock. */
export const usageScript = defineScript(new URL('../lua/usage.lua', import.meta.url), {
  keys: ['capNames', 'settings', 'weights', 'slots'],
  args: { now: 'number?' },
  reply: Number,
  includes: [nowLua, foundNamesLua],
});

/**
 * How much counts in the running window of the cap over all recipients: texts, or segments where those are what is weighed.
 * @param simulated of what was made for the simulator, instead of real messages
 * @param now ms; only for tests
 */
export async function readHourUsage(redis: Redis, keys: Keys, simulated = false, now?: number): Promise<number> {
  const all = limiterKeys(keys.limiter(hourCounter(simulated)));
  const nth = (position: number) => all[position - 1] as string;
  return usageScript(redis, {
    keys: { capNames: keys.capNames(), settings: nth(SETTINGS_KEY), weights: nth(WEIGHTS_KEY), slots: nth(SLOTS_KEY) },
    args: { now },
  });
}
