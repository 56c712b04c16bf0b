import type { Config } from '../config/config.ts';
import { type Console, createConsole } from '../http/console/console.ts';
import type { ConsoleDeps } from '../http/console/console-deps.ts';
import { BOARD_PATH, createQueueBoard } from '../http/console/queue-board.ts';
import { createHistories } from '../ledger/history/redis-histories.ts';
import { createInboundLog } from '../ledger/inbound/kept-inbound.ts';
import { createJournal } from '../ledger/journal/journal.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { createCircuits } from '../overview/circuits.ts';
import { sendingSetup } from '../overview/lanes.ts';
import { type Overview, readOverview } from '../overview/overview.ts';
import { createProcesses } from '../overview/processes.ts';
import { createDeadLetters } from '../queue/dead-letters/dead-letters.ts';
import { openUnknownResolver } from '../queue/lookups/open-unknown-resolver.ts';
import { QUEUES } from '../queue/names.ts';
import { openQueue } from '../queue/open-queue.ts';
import { createWorkerCounts } from '../queue/worker/worker-counts.ts';
import { clockOf } from '../redis/clock/redis-clock.ts';
import type { Redis } from '../redis/connect.ts';
import { createKeys, type Keys } from '../redis/keys.ts';
import { withinDeadline } from '../redis/unavailable.ts';
import { version } from '../version.ts';
import { openFigures } from './figures.ts';
import type { Cleanup } from './role-context.ts';

export interface ConsoleContext {
  readonly config: Config;
  readonly redis: Redis;
  readonly keys: Keys;
  readonly metrics: Pick<Metrics, 'unknownResolved'>;
  readonly logger: Logger;
}

/** Opens the console with its data sources and actions. Imported only where the console is on: bull-board is large. */
export function openConsole({ config, redis, keys, metrics, logger }: ConsoleContext, cleanups: Cleanup[]): Console {
  const { prefix } = config.redis;
  const clock = clockOf(redis);
  const overview = openOverview(config, redis);
  const dead = createDeadLetters({ redis: redis, prefix, clock });
  const resolver = openUnknownResolver({ redis: redis, prefix, clock });
  const queues = QUEUES.map((name) => openQueue(name, redis, prefix));
  cleanups.push(() => Promise.all([overview, dead, resolver, ...queues].map((opened) => opened.close())));
  const deps: ConsoleDeps = {
    readOverview: overview.read,
    journal: createJournal(redis, keys),
    capFilling: createHistories(redis, keys).capFilling,
    dead,
    resolver,
    inbound: createInboundLog(redis, keys),
    onSettled: (provider) => metrics.unknownResolved(provider, 'operator'),
    recipients: recipientsOf(config),
    board: createQueueBoard(queues, BOARD_PATH),
    now: () => clock.now(),
    version,
  };
  return createConsole(deps, { http: config.http, logger });
}

function recipientsOf({ contacts, groups, rotations }: Config): string[] {
  const named = (kind: string, names: Iterable<string>) => [...names].map((name) => `${kind}:${name}`);
  return [...named('contact', contacts.keys()), ...named('group', groups.keys()), ...named('rotation', rotations.keys())];
}

/** Opens the overview of the whole system over one connection, which the caller closes. `read` throws RedisUnavailableError within 5 s when Redis is down. */
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
