import type { Config } from '../config/config.ts';
import { createJournal } from '../ledger/journal/journal.ts';
import { createCircuits } from '../overview/circuits.ts';
import { sendingSetup } from '../overview/lanes.ts';
import { type Overview, readOverview } from '../overview/overview.ts';
import { createProcesses } from '../overview/processes.ts';
import { createWorkerCounts } from '../queue/worker/worker-counts.ts';
import { clockOf } from '../redis/clock/redis-clock.ts';
import type { Redis } from '../redis/connect.ts';
import { createKeys } from '../redis/keys.ts';
import { withinDeadline } from '../redis/unavailable.ts';
import { openFigures } from './figures.ts';

/** How the whole system does, read over one connection, which stays the caller's. `read` throws RedisUnavailableError within 5 s when Redis is away. */
export function openOverview(config: Config, redis: Redis): { read(): Promise<Overview>; close(): Promise<void> } {
  const keys = createKeys(config.redis.prefix);
  const clock = clockOf(redis);
  const figures = openFigures(redis, keys, () => config);
  const workers = createWorkerCounts(redis, config.redis.prefix);
  const setup = { ...sendingSetup(config), currency: config.money?.currency ?? null };
  const sources = {
    ...figures,
    workers: workers.read,
    journal: createJournal(redis, keys),
    circuits: createCircuits(redis, keys, 'reader'),
    processes: createProcesses(redis, keys, 'reader').read,
  };
  return {
    read: () => withinDeadline(readOverview(sources, setup, clock.now())),
    close: async () => void (await Promise.all([figures.close(), workers.close()])),
  };
}
