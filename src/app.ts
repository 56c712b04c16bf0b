import type { Config } from './config/config.ts';
import { fingerprint } from './config/fingerprint.ts';
import type { LoadedConfig } from './config/load-config.ts';
import { createHttpServer, type HttpServer, type NextAnswers } from './http/server/http-server.ts';
import type { Logger } from './logger.ts';
import { createMetrics, type MetricsOptions, type Role as ProcessRole } from './metrics/metrics.ts';
import { lanesOf, sendingSetup } from './overview/lanes.ts';
import { wakeHeldBack } from './queue/jobs/message-jobs.ts';
import { QUEUES } from './queue/names.ts';
import { checkAccess, checkConnectionAccess } from './redis/access/access.ts';
import type { RedisUser } from './redis/access/permissions.ts';
import { useClock } from './redis/clock/redis-clock.ts';
import { connectRedis, type Redis, withinDeadline } from './redis/connect.ts';
import { openDataSet } from './redis/data-set.ts';
import { requireFitRedis, requireNoFault } from './redis/fitness/check.ts';
import { createRedisWatch } from './redis/fitness/watch.ts';
import { createKeys } from './redis/keys.ts';
import { type AccessWatch, watchAccess } from './roles/access-watch.ts';
import { announceProcess, type ProcessAnnouncer } from './roles/announce-process.ts';
import { followCapNames } from './roles/cap-names.ts';
import { type Connections, createConnections } from './roles/connections.ts';
import { openFigures } from './roles/figures.ts';
import { type Generation, openGeneration, ROLES, type Role } from './roles/generation.ts';
import type { Closer } from './roles/ground.ts';
import { keepRedisTime } from './roles/keep-redis-time.ts';
import { createReload, type ReloadDeps } from './roles/reload.ts';
import { type DataSetWatch, watchDataSet } from './roles/watch-data-set.ts';
import { version } from './version.ts';

export { ROLES, type Role };

export interface AppDeps {
  readonly config: Config;
  /** Of a Redis that answers. */
  readonly redisUrl: string;
  readonly logger: Logger;
  /** Log lines that this process has dropped since its start. */
  readonly droppedLogLines?: MetricsOptions['droppedLogLines'];
  /** Where somebody traces. */
  readonly exemplar?: MetricsOptions['exemplar'];
}

export interface App {
  /** Resolves when work is being taken; rejects, with everything closed again, when it cannot be. */
  start(): Promise<{ readonly httpPort: number }>;
  /**
   * Puts what `load` gives in place of the config in force, all at once: what is in flight ends by the old one. On any
   * fault nothing changes. Says in the log and the metrics which it was, and resolves to whether the new one holds. Reloads
   * happen one after the other; none of them delays `stop` while it loads.
   */
  reload(load: () => LoadedConfig | Promise<LoadedConfig>): Promise<boolean>;
  inForce(): Config;
  /** Takes nothing new, finishes what is in flight within `shutdown.grace`, then lets go of everything. */
  stop(): Promise<void>;
}

export const createReceiver = (deps: AppDeps): App => createApp(['receiver'], deps);
export const createRouter = (deps: AppDeps): App => createApp(['router'], deps);
export const createDispatcher = (deps: AppDeps): App => createApp(['dispatcher'], deps);
export const createAll = (deps: AppDeps): App => createApp(ROLES, deps);

function createApp(roles: readonly Role[], { config, redisUrl, logger, droppedLogLines, exemplar }: AppDeps): App {
  const closers: Closer[] = [];
  /** The one in force, and those before it that still have something in flight. */
  const generations = new Set<Generation>();
  let http: HttpServer | undefined;
  let reload: (load: () => LoadedConfig) => Promise<boolean> = async () => false;
  let inForce = config;
  let ready = false;
  let dataSetWatch: DataSetWatch | undefined;

  const keys = createKeys(config.redis.prefix);
  const watch = createRedisWatch({
    url: redisUrl,
    key: keys.probe(),
    onTrouble: ({ problem, remedy, said }) => logger.error({ remedy, said }, problem),
    onReplaced: ({ server }) => logger.warn({ server }, 'Redis primary was replaced; dropped connections to the old one'),
    onWell: ({ afterMs }) => {
      logger.info({ afterMs }, 'Redis is well again');
      dataSetWatch?.look();
    },
  });
  closers.push(async () => watch.close());
  const connections = createConnections();
  const access = { user: redisUser(roles), keys, queues: QUEUES };
  const connect = (role: 'commands' | 'door'): Redis => {
    const redis = connectRedis(redisUrl, role, watch.hear, connections.add);
    closers.push(async () => redis.disconnect());
    return redis;
  };

  const hasWorkers = roles.some((role) => role !== 'receiver');
  const routesFor = (next: Config) => (roles.includes('dispatcher') ? lanesOf(next) : []);
  const start = async (): Promise<{ httpPort: number }> => {
    const door = connect('door');
    await requireFitRedis(door, ({ problem, remedy }) => logger.warn({ remedy }, problem));
    requireNoFault([...(await checkAccess(door, access)), ...(await checkConnectionAccess(redisUrl, access))]);
    const allowed = watchAccess({ ...access, redis: door, logger }, closers);
    let announced: ProcessAnnouncer | undefined;
    const lockMs = hasWorkers ? config.worker.lockMs : undefined;
    const clock = await keepRedisTime({ redis: door, keys, lockMs, onJump: () => announced?.repeat(), logger }, closers);

    const figures = openFigures(door, keys, () => inForce);
    closers.push(() => figures.close());
    const metrics = createMetrics({
      providers: [...config.providers.keys()],
      routes: routesFor(config),
      version,
      role: processRole(roles),
      ...(droppedLogLines && { droppedLogLines }),
      ...(exemplar && { exemplar }),
      sources: figures,
      clock,
    });
    const hash = fingerprint(config);
    metrics.configInForce(hash, clock.now());
    const sends = () => (roles.includes('dispatcher') ? sendingSetup(inForce) : undefined);
    let current: Generation | undefined;
    announced = announceProcess(
      {
        redis: door,
        keys,
        role: processRole(roles),
        hash,
        sends,
        stuck: () => notFetching(current),
        refused: () => allowed.known().map(({ problem }) => problem),
        clock,
        logger,
      },
      closers,
    );
    if (roles.includes('dispatcher')) await followCapNames({ redis: door, keys, logger }, closers);
    dataSetWatch = watchDataSet({ dataSet: openDataSet(door, keys), logger, onLoss: metrics.redisDataLost }, closers);
    const commands = hasWorkers ? connect('commands') : door;
    useClock(commands, clock);
    const house = {
      roles,
      logger,
      keys,
      metrics,
      clock,
      door,
      commands,
      connectWorker: () => connectRedis(redisUrl, 'worker', watch.hear, connections.add),
      readiness: () => readiness({ ask: () => door.exists(keys.inFlight()), redis: door, allowed, connections }, current, ready),
    };
    const open = async (next: Config): Promise<Generation> => {
      const generation = await openGeneration(next, house);
      generations.add(generation);
      return generation;
    };
    const retire = async (generation: Generation): Promise<void> => {
      await generation.drain();
      await generation.close();
      generations.delete(generation);
    };

    current = await open(config);
    await current.start();
    await connections.allUp(door);
    const server = createHttpServer(current.http);
    http = server;
    const port = roles.includes('receiver') ? config.http.port : config.metricsPort;
    const httpPort = await server.listen({ host: config.http.host, port });
    ready = true;

    const begin = async (generation: Generation): Promise<NextAnswers> => {
      const answers = await server.prepare(generation.http);
      await generation.start();
      return answers;
    };
    const swap = async (next: Config): Promise<void> => {
      const providers = [...next.providers.keys()];
      metrics.learn(providers);
      const generation = await open(next);
      const answers = await begin(generation).catch(async (error: unknown) => {
        await retire(generation);
        throw error;
      });
      const before = current as Generation;
      current = generation;
      if (next.logLevel !== inForce.logLevel) logger.level = next.logLevel;
      inForce = next;
      // The old one lets go of nothing before its last request is answered.
      const answered = answers.use();
      void Promise.all([answered, before.drain()])
        .then(() => retire(before))
        .catch((error: unknown) => logger.error({ err: error }, 'the config before could not be let go of'));
      metrics.circuitsOf(providers, routesFor(next));
    };
    const wake = async () => (roles.includes('dispatcher') ? wakeHeldBack(door, keys) : 0);
    const report: ReloadDeps['report'] = {
      configInForce: (next, at) => {
        metrics.configInForce(next, at);
        announced?.configInForce(next);
      },
      configRefused: (at) => {
        metrics.configRefused();
        announced?.configRefused(at);
      },
    };
    reload = createReload({ logger, report, clock, inForce: () => inForce, swap, wake });
    return { httpPort };
  };

  const stop = async (): Promise<void> => {
    const shutDoor = () => http?.close();
    const idle = Promise.all([...generations].map((generation) => generation.drain()));
    // A receiver shuts at once. Where nobody brings work, the port answers to the end: not ready, and to a last scrape.
    const drained = roles.includes('receiver') ? Promise.all([shutDoor(), idle]) : idle.then(shutDoor);
    const { graceMs } = inForce.shutdown;
    const deadline = setTimeout(() => {
      logger.warn({ graceMs }, 'still busy after the grace: calls in flight are given up as unknown');
      for (const generation of generations) generation.abort();
    }, graceMs);
    await drained;
    clearTimeout(deadline);
    for (const generation of generations) await generation.close();
    for (const close of closers.splice(0).reverse()) await close();
  };

  let turn: Promise<unknown> = Promise.resolve();
  /** One after the other: whoever stops meets everything in place or nothing. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work, work);
    turn = result;
    return result;
  };

  let reloads: Promise<unknown> = Promise.resolve();

  return {
    start: () =>
      inTurn(() =>
        start().catch(async (error: unknown) => {
          await stop();
          throw error;
        }),
      ),
    reload: (load) => {
      const reloaded = reloads.then(async () => {
        const loaded = await settle(load);
        return inTurn(async () => ready && reload(loaded));
      });
      reloads = reloaded.catch(() => undefined);
      return reloaded;
    },
    inForce: () => inForce,
    stop: () => {
      ready = false;
      return inTurn(stop);
    },
  };
}

/** What it gives or throws, once it is known. */
async function settle<T>(work: () => T | Promise<T>): Promise<() => T> {
  try {
    const value = await work();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** A connection that is made again, as at a reload or after a failover, is up within this time. */
const RECONNECT_MS = 2_000;

interface RedisState {
  /** Asks for a key of ours: in a cluster, a server without them may answer while the one that has them is away. */
  ask(): Promise<unknown>;
  readonly redis: Redis;
  readonly allowed: AccessWatch;
  readonly connections: Connections;
}

async function readiness(
  { ask, redis, allowed, connections }: RedisState,
  generation: Generation | undefined,
  ready: boolean,
): Promise<{ ready: boolean; reasons: string[] }> {
  const reasons: string[] = [];
  if (!ready) reasons.push('starting or stopping');
  if (generation?.workers.some((worker) => !worker.isRunning())) reasons.push('a worker is not running');
  for (const queue of notFetching(generation)) reasons.push(`a worker no longer fetches jobs of ${queue}; it is being replaced`);
  try {
    await withinDeadline(ask());
    const missing = await connections.missing(RECONNECT_MS, redis);
    if (missing !== undefined) reasons.push(missing);
    for (const { problem, remedy } of await allowed.read()) reasons.push(`${problem}; ${remedy}`);
  } catch {
    reasons.push('Redis does not answer');
  }
  return { ready: reasons.length === 0, reasons };
}

const notFetching = (generation: Generation | undefined): string[] =>
  (generation?.workers ?? []).flatMap((worker) => worker.notFetching() ?? []);

function processRole(roles: readonly Role[]): ProcessRole {
  return roles.length === 1 ? (roles[0] as Role) : 'start';
}

/** Whose permissions in docs/redis.md the roles need: those of a dispatcher include a router's, and those a receiver's. */
function redisUser(roles: readonly Role[]): RedisUser {
  if (roles.length === ROLES.length) return 'start';
  if (roles.includes('dispatcher')) return 'dispatcher';
  return roles.includes('router') ? 'router' : 'receiver';
}
