import type { Config } from '../config/config.ts';
import { readCriticals } from '../ledger/criticals.ts';
import { createOnTheWay } from '../ledger/lists/on-the-way.ts';
import { createLedger } from '../ledger/redis-ledger.ts';
import { openBudgets } from '../limit/budget/budget.ts';
import { readContributions } from '../limit/caps/contributions.ts';
import { readCaps, readRedis } from '../overview/read-figures.ts';
import { createQueueFigures } from '../queue/figures.ts';
import { QUEUES } from '../queue/names.ts';
import { clockOf } from '../redis/clock/redis-clock.ts';
import type { Redis } from '../redis/connect.ts';
import { openDataSet } from '../redis/data-set.ts';
import type { Keys } from '../redis/keys.ts';

/** A critical may wait so long for its turn, a retry or a failover. */
export const HELD_MS = 3 * 60_000;
/** So far back a critical that failed or expired is a finding. */
export const MISSED_MS = 60 * 60_000;

/** Figures of the whole system for metrics and overview, read over one connection, which stays the caller's; each call asks Redis anew. */
export function openFigures(redis: Redis, keys: Keys, inForce: () => Config) {
  const clock = clockOf(redis);
  const ledger = createLedger(redis, keys);
  const onTheWay = createOnTheWay(redis, keys, () => clock.now());
  const dataSet = openDataSet(redis, keys);
  const queues = createQueueFigures(redis, keys.prefix, QUEUES);
  return {
    inFlight: () => ledger.inFlight(),
    queues: () => queues.read(clock.now()),
    held: async () => {
      const { held } = await readCriticals(redis, keys, 0, 0);
      return { groups: held, routes: inForce().routes.map(({ name }) => name) };
    },
    criticals: () => readCriticals(redis, keys, HELD_MS, MISSED_MS),
    unknown: () => redis.zcard(keys.unknown()),
    caps: () => readCaps(redis, keys, inForce()),
    budgets: async () => (await openBudgets(redis, keys, inForce().money)?.read()) ?? [],
    contributions: () => readContributions(redis, keys, clock.now()),
    requeued: () => onTheWay.requeued(),
    dataLosses: async () => {
      const { losses, now } = await dataSet.losses();
      return losses.map(({ kind, at }) => ({ kind, secondsAgo: Math.max(0, Math.round((now - at) / 1000)) }));
    },
    redis: async () => (await readRedis(redis)) ?? null,
    close: () => queues.close(),
  };
}
