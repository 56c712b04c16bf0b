import type { Config } from './config/config.ts';
import { fingerprint, type LoadedConfig } from './config/load-config.ts';
import { createHttpServer, type HttpServer, type PreparedHandler } from './http/server/http-server.ts';
import type { Logger } from './logger.ts';
import { createMetrics, type MetricsOptions, type Role as ProcessRole } from './metrics/metrics.ts';
import { lanesOf, sendingSetup } from './overview/lanes.ts';
import { promoteHeldBack } from './queue/jobs/message-jobs.ts';
import { QUEUES } from './queue/names.ts';
import { unknownScripts } from './queue/worker/guarded-scripts.ts';
import { checkAccess, checkConnectionAccess } from './redis/access/access.ts';
import type { RedisUser } from './redis/access/permissions.ts';
import { useClock } from './redis/clock/redis-clock.ts';
import { connectRedis, isCluster, type Redis, withinDeadline } from './redis/connect.ts';
import { openDataSet } from './redis/data-set.ts';
import { batchFault } from './redis/fitness/batch-fault.ts';
import { requireFitRedis, requireNoFault } from './redis/fitness/check.ts';
import { createRedisWatch } from './redis/fitness/watch.ts';
import { createKeys } from './redis/keys.ts';
import { batchScripts } from './redis/script-batch.ts';
import { announceProcess, type ProcessAnnouncer } from './roles/announce-process.ts';
import { followCapNames } from './roles/cap-names.ts';
import { openFigures } from './roles/figures.ts';
import { type AccessWatch, watchAccess } from './roles/redis/access-watch.ts';
import { type Connections, createConnections } from './roles/redis/connections.ts';
import { keepRedisTime } from './roles/redis/keep-redis-time.ts';
import { type DataSetWatch, watchDataSet } from './roles/redis/watch-data-set.ts';
import { createReload, type ReloadDeps } from './roles/reload.ts';
import type { Cleanup } from './roles/role-context.ts';
import { openRunningConfig, ROLES, type Role, type RunningConfig } from './roles/running-config.ts';
import { warmUp } from './roles/warm-up.ts';
import { version } from './version.ts';

export { ROLES, type Role };

export interface AppDeps {
  readonly config: Config;
  /** URL of a reachable Redis. */
  readonly redisUrl: string;
  readonly logger: Logger;
  /** Counter of the log lines that this process has dropped since its start. */
  readonly droppedLogLines?: MetricsOptions['droppedLogLines'];
  /** Reads the active trace; absent while tracing is off. */
  readonly exemplar?: MetricsOptions['exemplar'];
}

export interface App {
  /** Resolves once jobs are being taken; rejects with everything closed again when the process cannot start. */
  start(): Promise<{ readonly httpPort: number }>;
  /**
   * Replaces the active configuration by the result of `load`; what is in flight finishes under the old one. Any fault leaves
   * everything as it was. Logs and counts the result, and resolves to whether the new configuration is active. Reloads run one
   * after the other; `stop` never waits for one that is still loading.
   */
  reload(load: () => LoadedConfig | Promise<LoadedConfig>): Promise<boolean>;
  activeConfig(): Config;
  /** Takes no new work, finishes what is in flight within `shutdown.grace`, then releases all resources. */
  stop(): Promise<void>;
}

export const createReceiver = (deps: AppDeps): App => createApp(['receiver'], deps);
export const createRouter = (deps: AppDeps): App => createApp(['router'], deps);
export const createDispatcher = (deps: AppDeps): App => createApp(['dispatcher'], deps);
/** Routes and sends: the way to scale out, since a plain alert then needs one job. */
export const createWorker = (deps: AppDeps): App => createApp(['router', 'dispatcher'], deps);
export const createAll = (deps: AppDeps): App => createApp(ROLES, deps);

function createApp(roles: readonly Role[], { config, redisUrl, logger, droppedLogLines, exemplar }: AppDeps): App {
  const cleanups: Cleanup[] = [];
  /** The active configuration, and earlier ones that still have work in flight. */
  const runningConfigs = new Set<RunningConfig>();
  let http: HttpServer | undefined;
  let reload: (load: () => LoadedConfig) => Promise<boolean> = async () => false;
  let activeConfig = config;
  let ready = false;
  let dataSetWatch: DataSetWatch | undefined;

  const keys = createKeys(config.redis.prefix);
  const watch = createRedisWatch({
    url: redisUrl,
    key: keys.probe(),
    onTrouble: ({ problem, hint, said }) => logger.error({ hint, detail: said }, problem),
    onReplaced: ({ server }) => logger.warn({ server }, 'Redis primary replaced; old connections dropped'),
    onRecovered: ({ afterMs }) => {
      logger.info({ afterMs }, 'Redis connection recovered');
      dataSetWatch?.look();
    },
  });
  cleanups.push(async () => watch.close());
  const connections = createConnections();
  const access = { user: redisUser(roles), keys, queues: QUEUES };
  const connect = (role: 'commands' | 'interactive'): Redis => {
    const redis = connectRedis(redisUrl, role, watch.onError, connections.add);
    cleanups.push(async () => redis.disconnect());
    return redis;
  };

  /** In a Redis Cluster each script declares its keys: only so does a server ask to repeat a call while it moves some of them. */
  const batchIfPossible = async (commands: Redis): Promise<void> => {
    const scripts = unknownScripts();
    if (scripts.length > 0) {
      const hint = 'install the BullMQ that package.json names; until then its scripts run without our guards, each call on its own';
      logger.warn({ scripts, hint }, 'BullMQ has unknown scripts; calls are not batched');
    } else if (!isCluster(commands)) {
      const fault = await batchFault(commands, keys.probe());
      if (fault === undefined) batchScripts(commands, keys.probe(), watch.onError);
      else logger.warn({ reason: fault.message }, 'Redis rejects undeclared keys; calls are not batched');
    }
  };

  const hasWorkers = roles.some((role) => role !== 'receiver');
  const routesFor = (next: Config) => (roles.includes('dispatcher') ? lanesOf(next) : []);
  const start = async (): Promise<{ httpPort: number }> => {
    const interactive = connect('interactive');
    await requireFitRedis(interactive, ({ problem, hint }) => logger.warn({ hint }, problem));
    requireNoFault([...(await checkAccess(interactive, access)), ...(await checkConnectionAccess(redisUrl, access))]);
    const allowed = watchAccess({ ...access, redis: interactive, logger }, cleanups);
    let announced: ProcessAnnouncer | undefined;
    const lockMs = hasWorkers ? config.worker.lockMs : undefined;
    const clock = await keepRedisTime({ redis: interactive, keys, lockMs, onJump: () => announced?.repeat(), logger }, cleanups);

    const figures = openFigures(interactive, keys, () => activeConfig);
    cleanups.push(() => figures.close());
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
    metrics.configActivated(hash, clock.now());
    const sends = () => (roles.includes('dispatcher') ? sendingSetup(activeConfig) : undefined);
    let current: RunningConfig | undefined;
    announced = announceProcess(
      {
        redis: interactive,
        keys,
        role: processRole(roles),
        hash,
        sends,
        stuck: () => notFetching(current),
        refused: () => allowed.denied().map(({ problem }) => problem),
        clock,
        logger,
      },
      cleanups,
    );
    if (roles.includes('dispatcher')) await followCapNames({ redis: interactive, keys, logger }, cleanups);
    dataSetWatch = watchDataSet({ dataSet: openDataSet(interactive, keys), logger, onLoss: metrics.redisDataLost }, cleanups);
    const commands = hasWorkers ? connect('commands') : interactive;
    useClock(commands, clock);
    if (hasWorkers) await batchIfPossible(commands);
    const resources = {
      roles,
      logger,
      keys,
      metrics,
      clock,
      interactive,
      commands,
      connectWorker: () => connectRedis(redisUrl, 'worker', watch.onError, connections.add),
      readiness: () => readiness({ ask: () => interactive.exists(keys.probe()), redis: interactive, allowed, connections }, current, ready),
    };
    const open = async (next: Config): Promise<RunningConfig> => {
      const running = await openRunningConfig(next, resources);
      runningConfigs.add(running);
      return running;
    };
    const retire = async (running: RunningConfig): Promise<void> => {
      await running.drain();
      await running.close();
      runningConfigs.delete(running);
    };

    if (hasWorkers) await warmUp(config, clock, commands);
    current = await open(config);
    await current.start();
    await connections.allUp(interactive);
    const server = createHttpServer(current.http);
    http = server;
    const port = roles.includes('receiver') ? config.http.port : config.metricsPort;
    const httpPort = await server.listen({ host: config.http.host, port });
    ready = true;

    const begin = async (running: RunningConfig): Promise<PreparedHandler> => {
      const prepared = await server.prepare(running.http);
      await running.start();
      return prepared;
    };
    const swap = async (next: Config): Promise<void> => {
      const providers = [...next.providers.keys()];
      metrics.learn(providers);
      const running = await open(next);
      const prepared = await begin(running).catch(async (error: unknown) => {
        await retire(running);
        throw error;
      });
      const before = current as RunningConfig;
      current = running;
      if (next.logLevel !== activeConfig.logLevel) logger.level = next.logLevel;
      activeConfig = next;
      // The old configuration keeps its resources until its last request is answered.
      const answered = prepared.activate();
      void Promise.all([answered, before.drain()])
        .then(() => retire(before))
        .catch((error: unknown) => logger.error({ err: error }, 'failed to release resources of the previous configuration'));
      metrics.circuitsOf(providers, routesFor(next));
    };
    const promote = async () => (roles.includes('dispatcher') ? promoteHeldBack(interactive, keys) : 0);
    const report: ReloadDeps['report'] = {
      configActivated: (next, at) => {
        metrics.configActivated(next, at);
        announced?.configActivated(next);
      },
      configRejected: (at) => {
        metrics.configRejected();
        announced?.configRejected(at);
      },
    };
    reload = createReload({ logger, report, clock, activeConfig: () => activeConfig, swap, promote });
    return { httpPort };
  };

  const stop = async (): Promise<void> => {
    const closeHttp = () => http?.close();
    const idle = Promise.all([...runningConfigs].map((running) => running.drain()));
    // A receiver closes its port immediately. Other roles keep serving /readyz (not ready) and /metrics until they have drained.
    const drained = roles.includes('receiver') ? Promise.all([closeHttp(), idle]) : idle.then(closeHttp);
    const { graceMs } = activeConfig.shutdown;
    const deadline = setTimeout(() => {
      logger.warn({ graceMs, hint: 'calls in flight are recorded as unknown' }, 'shutdown grace period exceeded; aborting calls');
      for (const running of runningConfigs) running.abort();
    }, graceMs);
    await drained;
    clearTimeout(deadline);
    for (const running of runningConfigs) await running.close();
    for (const close of cleanups.splice(0).reverse()) await close();
  };

  let turn: Promise<unknown> = Promise.resolve();
  /** Start, reload and stop run one after the other, so that `stop` never sees a half-started process. */
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
    activeConfig: () => activeConfig,
    stop: () => {
      ready = false;
      return inTurn(stop);
    },
  };
}

/** Runs `work` and returns a function that returns its result or throws its error. */
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

/** A dropped connection, as after a reload or a failover, is up again within this time. */
const RECONNECT_MS = 2_000;

interface RedisState {
  /** Reads a key of ours: in a cluster, a server without our keys may answer while the one that has them is down. */
  ask(): Promise<unknown>;
  readonly redis: Redis;
  readonly allowed: AccessWatch;
  readonly connections: Connections;
}

async function readiness(
  { ask, redis, allowed, connections }: RedisState,
  running: RunningConfig | undefined,
  ready: boolean,
): Promise<{ ready: boolean; reasons: string[] }> {
  const reasons: string[] = [];
  if (!ready) reasons.push('starting or stopping');
  if (running?.workers.some((worker) => !worker.isRunning())) reasons.push('a worker is not running');
  for (const queue of notFetching(running)) reasons.push(`a worker no longer fetches jobs of ${queue}; it is being replaced`);
  try {
    await withinDeadline(ask());
    const missing = await connections.missing(RECONNECT_MS, redis);
    if (missing !== undefined) reasons.push(missing);
    for (const { problem, hint } of await allowed.read()) reasons.push(`${problem}; ${hint}`);
  } catch {
    reasons.push('Redis does not answer');
  }
  return { ready: reasons.length === 0, reasons };
}

const notFetching = (running: RunningConfig | undefined): string[] =>
  (running?.workers ?? []).flatMap((worker) => worker.notFetching() ?? []);

function processRole(roles: readonly Role[]): ProcessRole {
  if (roles.length === ROLES.length) return 'start';
  return roles.length === 1 ? (roles[0] as Role) : 'worker';
}

/** The Redis user of docs/redis.md whose permissions the roles need. A dispatcher's include a router's, which include a receiver's. */
function redisUser(roles: readonly Role[]): RedisUser {
  if (roles.length === ROLES.length) return 'start';
  if (roles.includes('dispatcher')) return 'dispatcher';
  return roles.includes('router') ? 'router' : 'receiver';
}
