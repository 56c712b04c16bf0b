import type { Redis } from '../../redis/connect.ts';
import type { Keys } from '../../redis/keys.ts';
import { createScript } from '../../redis/script.ts';
import { earlierNamesLua } from '../cap-names.ts';
import { limiterKeys, SETTINGS_KEY, SLOTS_KEY, WEIGHTS_KEY } from './bottleneck-lua.ts';
import { hourCounter } from './cap-rules.ts';

/**
 * What `reserve` would count, without its tick: a look changes nothing.
 *
 * KEYS: settings, weights and slots of a limiter, then the key of `cap-names.ts`. ARGV: now in ms, or '' for Redis' own clock.
 */
const usageScript = createScript<number>(`
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('time')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
${earlierNamesLua}
local keys = found({ KEYS[1], KEYS[2], KEYS[3] })
local running = tonumber(redis.call('hget', keys[1], 'running'))
if not running then return 0 end
-- what has expired since the last tick: mostly nothing, and where nobody was texted for long, all of it
local over = redis.call('zcount', keys[3], '-inf', '(' .. now)
if over == redis.call('zcard', keys[3]) then return 0 end
for from = 0, over - 1, 500 do
  local slots = redis.call('zrange', keys[3], from, math.min(from + 499, over - 1))
  for _, weight in ipairs(redis.call('hmget', keys[2], unpack(slots))) do running = running - (tonumber(weight) or 0) end
end
return running
`);

/**
 * How much counts in the running window of the cap over all recipients: texts, or segments where those are what is weighed.
 * @param simulated of what was made for the simulator, instead of real messages
 * @param now ms; only for tests
 */
export async function readHourUsage(redis: Redis, keys: Keys, simulated = false, now?: number): Promise<number> {
  const all = limiterKeys(keys.limiter(hourCounter(simulated)));
  const needed = [SETTINGS_KEY, WEIGHTS_KEY, SLOTS_KEY].map((nth) => all[nth - 1] as string);
  return usageScript(redis, [...needed, keys.capNames()], [now ?? '']);
}
