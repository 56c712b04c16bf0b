import type { Redis } from '../redis/connect.ts';
import { defineScript, stringList } from '../redis/define-script.ts';
import type { Keys } from '../redis/keys.ts';

/** Stands for the whole system, for routes that have no entry of their own yet. */
const WHOLE = '*';

/** Returns, in the order of the routes, since when each is real: ms; 0 for always and for a simulated one. */
const noteRouteKindsScript = defineScript(new URL('note-route-kinds.lua', import.meta.url), {
  keys: ['routeKinds'],
  args: { now: 'number', routes: [{ name: 'string', isSimulated: 'flag' }] },
  reply: stringList,
  constants: { WHOLE },
});

/**
 * Records which routes send to phones and returns since when: an earlier alert was raised in a trial.
 * @param routes name → whether all its providers are simulated
 * @returns name → ms; without routes that were always real or are simulated
 */
export async function noteRouteKinds(
  redis: Redis,
  keys: Keys,
  routes: ReadonlyMap<string, boolean>,
  now: Date,
): Promise<ReadonlyMap<string, number>> {
  const whole = [...routes.values()].every((simulated) => simulated);
  const entries = [...routes, [WHOLE, whole] as const];
  const answers = await noteRouteKindsScript(redis, {
    keys: { routeKinds: keys.routeKinds() },
    args: { now: now.getTime(), routes: entries.map(([name, isSimulated]) => ({ name, isSimulated })) },
  });
  return new Map(entries.flatMap(([name], index) => (answers[index] === '0' ? [] : [[name, Number(answers[index])] as const])));
}
