import { systemClock } from './clock.ts';
import type { Config } from './config/config.ts';
import { createHttpServer, type HttpServer } from './http/http-server.ts';
import { createLedger } from './ledger/redis-ledger.ts';
import { createRateCap } from './limit/bottleneck-cap.ts';
import { createRememberedCap } from './limit/remembered-cap.ts';
import type { Logger } from './logger.ts';
import { createMetrics, type Role as ProcessRole } from './metrics/metrics.ts';
import { createQueueFigures } from './queue/figures.ts';
import { QUEUES } from './queue/names.ts';
import type { QueueWorker } from './queue/queue-worker.ts';
import { requireFitRedis } from './redis/check.ts';
import { connectRedis, type Redis } from './redis/connect.ts';
import { createKeys } from './redis/keys.ts';
import { createRedisWatch } from './redis/watch.ts';
import { startDispatching } from './roles/dispatcher.ts';
import type { Closer, Ground } from './roles/ground.ts';
import { openReceiver } from './roles/receiver.ts';
import { startRouting } from './roles/router.ts';
import { version } from './version.ts';

export const ROLES = ['receiver', 'router', 'dispatcher'] as const;
export type Role = (typeof ROLES)[number];

export interface AppDeps {
  readonly config: Config;
  /** Of a Redis that answers. */
  readonly redisUrl: string;
  readonly logger: Logger;
}

export interface App {
  /** Resolves when work is being taken; rejects, with everything closed again, when it cannot be. */
  start(): Promise<{ readonly httpPort: number }>;
  /** Takes nothing new, finishes what is in flight within `shutdown.grace`, then lets go of everything. */
  stop(): Promise<void>;
}

export const createReceiver = (deps: AppDeps): App => createApp(['receiver'], deps);
export const createRouter = (deps: AppDeps): App => createApp(['router'], deps);
export const createDispatcher = (deps: AppDeps): App => createApp(['dispatcher'], deps);
export const createAll = (deps: AppDeps): App => createApp(ROLES, deps);

function createApp(roles: readonly Role[], { config, redisUrl, logger }: AppDeps): App {
  const closers: Closer[] = [];
  const workers: QueueWorker[] = [];
  const hardStop = new AbortController();
  let http: HttpServer | undefined;
  let ready = false;

  const keys = createKeys(config.redis.prefix);
  const watch = createRedisWatch({
    url: redisUrl,
    key: keys.probe(),
    onTrouble: ({ problem, remedy, said }) => logger.error({ remedy, said }, problem),
    onWell: ({ afterMs }) => logger.info({ afterMs }, 'Redis is well again'),
  });
  closers.push(async () => watch.close());
  const connect = (role: 'worker' | 'commands' | 'door'): Redis => {
    const redis = connectRedis(redisUrl, role, watch.hear);
    closers.push(async () => redis.disconnect());
    return redis;
  };

  const start = async (): Promise<{ httpPort: number }> => {
    const { prefix } = config.redis;
    const door = connect('door');
    await requireFitRedis(door, ({ problem, remedy }) => logger.warn({ remedy }, problem));

    const doorLedger = createLedger(door, keys);
    const figures = createQueueFigures(door, prefix, QUEUES);
    closers.push(() => figures.close());
    const metrics = createMetrics({
      providers: [...config.providers.keys()],
      version,
      role: processRole(roles),
      sources: { inFlight: () => doorLedger.inFlight(), queues: () => figures.read(systemClock.now()) },
    });

    if (roles.includes('router') || roles.includes('dispatcher')) {
      const commands = connect('commands');
      const slowest = Math.max(...[...config.providers.values()].map(({ timeoutMs }) => timeoutMs));
      const ground: Ground = {
        config,
        logger,
        commands,
        keys,
        metrics,
        ledger: createLedger(commands, keys),
        // A slot is renewed before a call that had to wait for its turn, so that one call is all that it must outlast.
        cap: createRememberedCap(createRateCap({ redis: commands, keys, leaseMs: slowest + 60_000 })),
        stopping: hardStop.signal,
        workerDeps: () => ({
          blocking: connect('worker'),
          commands,
          prefix,
          logger,
          concurrency: config.worker.concurrency,
          lockMs: config.worker.lockMs,
        }),
      };
      if (roles.includes('router')) workers.push(...startRouting(ground));
      if (roles.includes('dispatcher')) workers.push(...(await startDispatching(ground, closers)));
    }

    const operations = { metrics, logger, clock: systemClock, readiness: () => readiness(door, workers, ready) };
    if (roles.includes('receiver')) {
      http = createHttpServer({ ...operations, ...(await openReceiver({ config, door, keys, metrics }, closers)) });
    } else {
      http = createHttpServer({ role: 'operations', ...operations });
    }
    const port = roles.includes('receiver') ? config.http.port : config.metricsPort;
    const httpPort = await http.listen({ host: config.http.host, port });
    ready = true;
    return { httpPort };
  };

  const stop = async (): Promise<void> => {
    ready = false;
    const shutDoor = () => http?.close();
    const idle = Promise.all(workers.map((worker) => worker.close()));
    // A receiver shuts at once. Where nobody brings work, the port answers to the end: not ready, and to a last scrape.
    const drained = roles.includes('receiver') ? Promise.all([shutDoor(), idle]) : idle.then(shutDoor);
    const deadline = setTimeout(() => {
      logger.warn({ graceMs: config.shutdown.graceMs }, 'still busy after the grace: calls in flight are given up as unknown');
      hardStop.abort(new Error('shutting down'));
      for (const worker of workers) worker.abort();
    }, config.shutdown.graceMs);
    await drained;
    clearTimeout(deadline);
    for (const close of closers.splice(0).reverse()) await close();
  };

  return {
    stop,
    start: () =>
      start().catch(async (error: unknown) => {
        await stop();
        throw error;
      }),
  };
}

async function readiness(redis: Redis, workers: readonly QueueWorker[], ready: boolean): Promise<{ ready: boolean; reasons: string[] }> {
  const reasons: string[] = [];
  if (!ready) reasons.push('starting or stopping');
  if (workers.some((worker) => !worker.isRunning())) reasons.push('a worker is not running');
  await redis.ping().catch(() => reasons.push('Redis does not answer'));
  return { ready: reasons.length === 0, reasons };
}

function processRole(roles: readonly Role[]): ProcessRole {
  return roles.length === 1 ? (roles[0] as Role) : 'start';
}
