import type { CliDeps } from '../src/cli/cli-deps.ts';
import type { Clock } from '../src/clock.ts';
import type { Config } from '../src/config/config.ts';
import { locateRedis } from '../src/embedded/find-redis.ts';
import { createHistories } from '../src/ledger/history/redis-histories.ts';
import { createInboundLog } from '../src/ledger/inbound/kept-inbound.ts';
import { createJournal, recentIds } from '../src/ledger/journal/journal.ts';
import { createOptOuts } from '../src/ledger/opt-out/opt-outs.ts';
import { QUEUES } from '../src/queue/names.ts';
import { clockOf, keepTime } from '../src/redis/clock/redis-clock.ts';
import { connectRedis, redactUrl } from '../src/redis/connect.ts';
import { requireDatabaseOf } from '../src/redis/fitness/check.ts';
import { inspectRedis } from '../src/redis/fitness/inspect.ts';
import { createKeys } from '../src/redis/keys.ts';
import type { Environment } from '../src/setting/environment.ts';
import { DATA_DIR } from './data-dir.ts';

/** Number of recent journal entries that are searched for an id similar to a mistyped one. */
const RECENT_ENTRIES = 500;

/** The Redis that a running `start` uses: the configured one, the one of this machine, or the embedded one. */
const locate = (config: Config): Promise<string> => locateRedis({ url: config.redis.url?.reveal(), dataDir: DATA_DIR });

/** URL of that Redis after checking its database number; every command that reads or writes connects with it. */
async function redisUrlOf(config: Config): Promise<string> {
  const url = await locate(config);
  await requireDatabaseOf(url);
  return url;
}

/** Opens a connection with a synchronised Redis clock. */
async function openRedis(config: Config, onClock: CommandStoresOptions['onClock']) {
  const redis = connectRedis(await redisUrlOf(config), 'interactive');
  const time = keepTime(redis, createKeys(config.redis.prefix));
  await time.known();
  onClock(time);
  const close = async () => {
    time.close();
    redis.disconnect();
  };
  return { redis, close };
}

export type CommandStores = Pick<
  CliDeps,
  | 'openProducer'
  | 'openHistories'
  | 'openEpisodes'
  | 'openDeadLetters'
  | 'openUnknownResolver'
  | 'openInboundLog'
  | 'openOptOuts'
  | 'openBudgets'
  | 'openOverview'
  | 'inspectRedis'
  | 'redisAddress'
>;

export interface CommandStoresOptions {
  readonly env: Environment;
  /** Receives the clock of Redis once a command has connected to it. */
  readonly onClock: (clock: Clock) => void;
}

/** Opens what commands read and write in Redis; each loads its own modules only. */
export function createCommandStores({ env, onClock }: CommandStoresOptions): CommandStores {
  return {
    openProducer: async (config) => {
      const { createProducer } = await import('../src/queue/producer/producer.ts');
      const { directoryOf } = await import('../src/pipeline/routing/directory.ts');
      const { redis, close } = await openRedis(config, onClock);
      const producer = createProducer({ redis, prefix: config.redis.prefix, directory: directoryOf(config, clockOf(redis)) });
      return { ...producer, close: () => producer.close().then(close) };
    },
    openHistories: async (config) => {
      const { redis, close } = await openRedis(config, onClock);
      const keys = createKeys(config.redis.prefix);
      return {
        ...createHistories(redis, keys),
        waiting: async (id) => (await import('../src/queue/jobs/find-waiting.ts')).findWaiting(redis, config.redis.prefix, id),
        recentIds: () => recentIds(createJournal(redis, keys), RECENT_ENTRIES),
        close,
      };
    },
    openEpisodes: async (config) => {
      const { createEpisodes } = await import('../src/queue/producer/episodes.ts');
      return createEpisodes({ redis: await redisUrlOf(config), prefix: config.redis.prefix });
    },
    openDeadLetters: async (config) => {
      const { createDeadLetters } = await import('../src/queue/dead-letters/dead-letters.ts');
      const { redis, close } = await openRedis(config, onClock);
      const dead = createDeadLetters({ redis, prefix: config.redis.prefix, clock: clockOf(redis) });
      return { ...dead, close: () => dead.close().then(close) };
    },
    openUnknownResolver: async (config) => {
      const { openUnknownResolver } = await import('../src/queue/lookups/open-unknown-resolver.ts');
      const { redis, close } = await openRedis(config, onClock);
      const resolver = openUnknownResolver({ redis, prefix: config.redis.prefix, clock: clockOf(redis) });
      return { ...resolver, close: () => resolver.close().then(close) };
    },
    openInboundLog: async (config) => {
      const { redis, close } = await openRedis(config, onClock);
      return { ...createInboundLog(redis, createKeys(config.redis.prefix)), close };
    },
    openOptOuts: async (config) => {
      const { redis, close } = await openRedis(config, onClock);
      return { ...createOptOuts(redis, createKeys(config.redis.prefix)), close };
    },
    openBudgets: async (config) => {
      const { createBudgets } = await import('../src/limit/budget/budget.ts');
      const { redis, close } = await openRedis(config, onClock);
      const budgets = createBudgets({ redis, keys: createKeys(config.redis.prefix), budgets: config.money?.budgets ?? {} });
      return { read: budgets.read, close };
    },
    openOverview: async (config) => {
      const { openOverview } = await import('../src/roles/console.ts');
      const { redis, close } = await openRedis(config, onClock);
      const overview = openOverview(config, redis);
      return { read: overview.read, close };
    },
    inspectRedis: async (config) => {
      const url = config === undefined ? await locateRedis({ url: env.REDIS_URL || undefined, dataDir: DATA_DIR }) : await locate(config);
      return inspectRedis(url, { user: 'reader', keys: createKeys(config?.redis.prefix ?? '{sms}'), queues: QUEUES });
    },
    redisAddress: async (config) => redactUrl(await locate(config)),
  };
}
