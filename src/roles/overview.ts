import { systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { createJournal } from '../ledger/journal.ts';
import { createLedger } from '../ledger/redis-ledger.ts';
import { openBudgets } from '../limit/budget.ts';
import { createCircuits } from '../overview/circuits.ts';
import { type Overview, readOverview } from '../overview/overview.ts';
import { readCaps } from '../overview/read-caps.ts';
import { readRedis } from '../overview/read-redis.ts';
import { createQueueFigures } from '../queue/figures.ts';
import { QUEUES } from '../queue/names.ts';
import { createWorkerCounts } from '../queue/worker-counts.ts';
import type { Redis } from '../redis/connect.ts';
import { createKeys } from '../redis/keys.ts';
import { withinDeadline } from '../redis/unavailable.ts';

/** How the whole system does, read over one connection, which stays the caller's. `read` throws RedisUnavailableError within 5 s when Redis is away. */
export function openOverview(config: Config, redis: Redis): { read(): Promise<Overview>; close(): Promise<void> } {
  const { prefix } = config.redis;
  const keys = createKeys(prefix);
  const ledger = createLedger(redis, keys);
  const figures = createQueueFigures(redis, prefix, QUEUES);
  const workers = createWorkerCounts(redis, prefix);
  const budgets = openBudgets(redis, keys, config.money);
  const providers = new Map([...config.providers].map(([name, { type }]) => [name, type]));
  const sources = {
    queues: (now: Date) => figures.read(now),
    workers: workers.read,
    inFlight: () => ledger.inFlight(),
    unknown: () => redis.zcard(keys.unknown()),
    caps: () => readCaps(redis, keys, config.caps),
    budgets: async () => (await budgets?.read()) ?? [],
    redis: () => readRedis(redis),
    journal: createJournal(redis, keys),
    circuits: createCircuits(redis, keys, 'nobody'),
  };
  return {
    read: () => withinDeadline(readOverview(sources, providers, systemClock.now())),
    close: async () => void (await Promise.all([figures.close(), workers.close()])),
  };
}
