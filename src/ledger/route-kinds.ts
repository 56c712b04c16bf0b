import type { Redis } from '../redis/connect.ts';
import type { Keys } from '../redis/keys.ts';
import { createScript } from '../redis/script.ts';

/** Stands for the system as a whole, for routes that have no entry of their own yet. */
const WHOLE = '*';

/**
 * KEYS route kinds. ARGV now ms, then name and 1 for a route with simulated providers alone, 0 for any other…. Answers, in
 * the same order, since when each route is real: ms, 0 for always and for one that is simulated.
 */
const noteScript = createScript<string[]>(`
local whole = redis.call('HGET', KEYS[1], '${WHOLE}')
local answers = {}
for at = 2, #ARGV, 2 do
  local before = redis.call('HGET', KEYS[1], ARGV[at]) or whole
  local kind = 'simulated'
  if ARGV[at + 1] == '0' then
    kind = before or '0'
    if before == 'simulated' then kind = ARGV[1] end
  end
  redis.call('HSET', KEYS[1], ARGV[at], kind)
  answers[#answers + 1] = kind == 'simulated' and '0' or kind
end
return answers
`);

/**
 * Writes down which routes text phones, and answers since when each does: an alert from before that was raised in a trial.
 * @param routes name → whether it has simulated providers alone
 * @returns name → ms; a route that always was real, or is simulated, is not in it
 */
export async function noteRouteKinds(
  redis: Redis,
  keys: Keys,
  routes: ReadonlyMap<string, boolean>,
  now: Date,
): Promise<ReadonlyMap<string, number>> {
  const whole = [...routes.values()].every((simulated) => simulated);
  const entries = [...routes, [WHOLE, whole] as const];
  const args = entries.flatMap(([name, simulated]) => [name, simulated ? 1 : 0]);
  const answers = await noteScript(redis, [keys.routeKinds()], [now.getTime(), ...args]);
  return new Map(entries.flatMap(([name], index) => (answers[index] === '0' ? [] : [[name, Number(answers[index])] as const])));
}
