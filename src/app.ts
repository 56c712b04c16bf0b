import { systemClock } from './clock.ts';
import type { Config } from './config/config.ts';
import { createHttpServer, type HttpServer } from './http/http-server.ts';
import type { ReceiptSource } from './http/receipt-routes.ts';
import type { Ledger } from './ledger/ledger.ts';
import { createLedger } from './ledger/redis-ledger.ts';
import { createTraces } from './ledger/redis-traces.ts';
import { createRateCap } from './limit/bottleneck-cap.ts';
import { createRememberedCap, type RememberedCap } from './limit/remembered-cap.ts';
import type { Logger } from './logger.ts';
import { createMetrics, type Metrics, type Role as ProcessRole } from './metrics/metrics.ts';
import { alertExpiryGate, severityGate } from './pipeline/alert-stages.ts';
import { directoryOf } from './pipeline/directory.ts';
import { createDispatchStage } from './pipeline/dispatch-stage.ts';
import { createMessageDispatcher } from './pipeline/dispatcher.ts';
import { comeBackAt, createLedgerGate, createRateCapGate, messageExpiryGate, rulesOf } from './pipeline/message-stages.ts';
import { openCarriers } from './pipeline/open-carriers.ts';
import { createAlertRouter } from './pipeline/router.ts';
import { createReceiptReader } from './provider/registry.ts';
import { createRedisOutbox } from './provider/simulated/outbox.ts';
import { createAlertWorker } from './queue/alert-worker.ts';
import { createQueueFigures } from './queue/figures.ts';
import { createLookups } from './queue/lookups.ts';
import { createMessageWorker } from './queue/message-worker.ts';
import { QUEUES } from './queue/names.ts';
import { persist } from './queue/persist.ts';
import { createProducer } from './queue/producer.ts';
import type { QueueWorker, QueueWorkerDeps } from './queue/queue-worker.ts';
import { createReceiptQueue, createReceiptWorker } from './queue/receipt-queue.ts';
import { createReceiptReceiver } from './receipt/apply-receipt.ts';
import { requireFitRedis } from './redis/check.ts';
import { connectRedis, type Redis } from './redis/connect.ts';
import { createKeys, type Keys } from './redis/keys.ts';
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

/** Something to end when the process ends, newest first. */
type Closer = () => Promise<unknown>;

/** What every role stands on. */
interface Ground {
  readonly config: Config;
  readonly logger: Logger;
  readonly commands: Redis;
  readonly keys: Keys;
  readonly ledger: Ledger;
  readonly metrics: Metrics;
  readonly cap: RememberedCap;
  readonly stopping: AbortSignal;
  workerDeps(): QueueWorkerDeps;
}

function createApp(roles: readonly Role[], { config, redisUrl, logger }: AppDeps): App {
  const closers: Closer[] = [];
  const workers: QueueWorker[] = [];
  const hardStop = new AbortController();
  let http: HttpServer | undefined;
  let ready = false;

  const connect = (role: 'worker' | 'commands' | 'door'): Redis => {
    const redis = connectRedis(redisUrl, role, (error) => logger.warn({ err: error, connection: role }, 'Redis'));
    closers.push(async () => redis.disconnect());
    return redis;
  };

  const start = async (): Promise<{ httpPort: number }> => {
    const { prefix } = config.redis;
    const keys = createKeys(prefix);
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
      const producer = createProducer({ redis: door, prefix, directory: directoryOf(config) });
      const receipts = createReceiptQueue(door, prefix);
      closers.push(() => Promise.all([producer.close(), receipts.close()]));
      http = createHttpServer({
        role: 'receiver',
        ...operations,
        config,
        producer,
        traces: createTraces(door, keys),
        receipts: {
          sources: await openReceiptSources(config),
          enqueue: (provider, entries) => receipts.addReported(provider, entries, systemClock.now()),
          count: metrics.receipt,
        },
        outbox: [...config.providers.values()].some(({ type }) => type === 'simulated')
          ? createRedisOutbox(door, keys.outbox())
          : undefined,
      });
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
    const drained = Promise.all([http?.close(), ...workers.map((worker) => worker.close())]);
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

/** Name of a provider → its type, and what reads its delivery receipts where it sends any. */
async function openReceiptSources({ providers, http: { publicUrl } }: Config): Promise<ReadonlyMap<string, ReceiptSource>> {
  const deps = { publicUrl, providers };
  const sources = [...providers].map(async ([name, config]) => {
    const reader = await createReceiptReader(config, deps);
    return [name, { type: config.type, reader }] as const;
  });
  return new Map(await Promise.all(sources));
}

function startRouting(ground: Ground): QueueWorker[] {
  const { config, ledger, metrics, cap } = ground;
  const route = createAlertRouter({
    config,
    ledger,
    observer: metrics,
    clock: systemClock,
    stages: [alertExpiryGate, severityGate],
    knownFull: (message) => {
      const rules = rulesOf(message, config.caps);
      const full = cap.knownFull(rules);
      return full && { reason: full.reason, retryAt: comeBackAt(full, rules, systemClock.now()) };
    },
  });
  return [
    createAlertWorker({ ...ground.workerDeps(), route }),
    createReceiptWorker({ ...ground.workerDeps(), apply: createReceiptReceiver(ledger, metrics) }),
  ];
}

async function startDispatching(ground: Ground, closers: Closer[]): Promise<QueueWorker[]> {
  const { config, logger, commands, keys, ledger, metrics, cap, stopping } = ground;
  const receipts = createReceiptQueue(commands, config.redis.prefix);
  closers.push(() => receipts.close());
  const opened = await openCarriers(config.providers, commands, keys, {
    clock: systemClock,
    templates: config.templates,
    outbox: createRedisOutbox(commands, keys.outbox()),
    onPacerError: (error, provider) => logger.warn({ err: error, provider }, 'pacing: texts wait until Redis is well again'),
    onReceipt: (receipt) => {
      receipts
        .add({ ...receipt, receivedAt: Date.now() })
        .catch((error: unknown) => logger.warn({ err: error }, 'a simulated receipt was lost'));
    },
  });
  closers.push(() => opened.close());
  const { carriers } = opened;
  const onBug = (error: unknown, provider: string) => logger.error({ err: error, provider }, 'the adapter threw: a bug in it');
  const lookups = createLookups({
    redis: commands,
    prefix: config.redis.prefix,
    traces: createTraces(commands, keys),
    carriers,
    clock: systemClock,
    logger,
    onBug,
    receipts,
  });
  closers.push(() => lookups.close());
  const dispatch = createMessageDispatcher({
    ledger,
    cap,
    caps: config.caps,
    observer: metrics,
    clock: systemClock,
    persist: (write) => persist(write, (error) => logger.error({ err: error }, 'Redis refuses a write; trying until it takes it')),
    onHandedOver: lookups.plan,
    stages: [
      createLedgerGate(ledger, metrics),
      messageExpiryGate,
      createRateCapGate(cap),
      createDispatchStage({
        ledger,
        cap,
        observer: metrics,
        carriers,
        stopping,
        random: Math.random,
        onBug,
      }),
    ],
  });
  return [createMessageWorker({ ...ground.workerDeps(), dispatch }), lookups.start(ground.workerDeps())];
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
