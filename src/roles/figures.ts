import type { Config } from '../config/config.ts';
import { readCriticals } from '../ledger/criticals.ts';
import { createInFlight } from '../ledger/lists/in-flight.ts';
import { createLedger } from '../ledger/redis-ledger.ts';
import { createUnknowns } from '../ledger/unknown/unknowns.ts';
import { openBudgets } from '../limit/budget/budget.ts';
import { readHourUsage } from '../limit/caps/cap-rules.ts';
import { readContributions } from '../limit/caps/cap-usage-statistics.ts';
import { type CapFigures, type RedisFigures, readRedisFigures } from '../overview/figures.ts';
import { createQueueFigures } from '../queue/figures.ts';
import { QUEUES } from '../queue/names.ts';
import { clockOf } from '../redis/clock/redis-clock.ts';
import { isCluster, type Redis } from '../redis/connect.ts';
import { openDataSet } from '../redis/data-set.ts';
import { classifyTrouble } from '../redis/fitness/trouble.ts';
import type { Keys } from '../redis/keys.ts';

/** A critical message may wait this long for its turn, a retry or a failover. */
const HELD_MS = 3 * 60_000;
/** A critical message that failed or expired counts for this long. */
const MISSED_MS = 60 * 60_000;

/** Reads figures of the whole system for metrics and overview over one connection, which the caller closes; nothing is cached. */
export function openFigures(redis: Redis, keys: Keys, activeConfig: () => Config) {
  const clock = clockOf(redis);
  const ledger = createLedger(redis, keys);
  const inFlight = createInFlight(redis, keys, () => clock.now());
  const dataSet = openDataSet(redis, keys);
  const queues = createQueueFigures(redis, keys.prefix, QUEUES);
  return {
    inFlight: () => ledger.inFlight(),
    queues: () => queues.read(clock.now()),
    held: async () => {
      const { held } = await readCriticals(redis, keys, 0, 0);
      return { groups: held, routes: activeConfig().routes.map(({ name }) => name) };
    },
    criticals: () => readCriticals(redis, keys, HELD_MS, MISSED_MS),
    unknown: () => createUnknowns(redis, keys).count(),
    caps: () => readCaps(redis, keys, activeConfig()),
    budgets: async () => (await openBudgets(redis, keys, activeConfig().money)?.read()) ?? [],
    contributions: () => readContributions(redis, keys, clock.now()),
    requeued: () => inFlight.requeued(),
    dataLosses: async () => {
      const { losses, now } = await dataSet.losses();
      return losses.map(({ kind, at }) => ({ kind, secondsAgo: Math.max(0, Math.round((now - at) / 1000)) }));
    },
    redis: async () => (await readRedis(redis)) ?? null,
    close: () => queues.close(),
  };
}

/**
 * Reads the figures of Redis; `undefined` where INFO does not describe the whole, as for one node of a Cluster, or where INFO is
 * forbidden or renamed, as in some managed services.
 * @throws Error when Redis is down
 */
export async function readRedis(redis: Redis): Promise<RedisFigures | undefined> {
  if (isCluster(redis)) return undefined;
  try {
    return readRedisFigures(await redis.info());
  } catch (error) {
    if (error instanceof Error && isForbidden(error)) return undefined;
    throw error;
  }
}

function isForbidden(error: Error): boolean {
  return classifyTrouble(error)?.kind === 'no_permission' || /\bunknown command\b/i.test(error.message);
}

/**
 * The usage of the caps over all recipients that the config sets; empty where it sets none. With simulated providers alone
 * it is that of the trial, which counts by itself. Rejects when Redis does.
 */
async function readCaps(redis: Redis, keys: Keys, { caps, providers }: Pick<Config, 'caps' | 'providers'>): Promise<CapFigures[]> {
  if (caps.perHour === undefined) return [];
  const isTrial = [...providers.values()].every(({ type }) => type === 'simulated');
  return [{ cap: 'per_hour', used: await readHourUsage(redis, keys, isTrial), ...caps.perHour }];
}
