import type { EventReceiver } from '../channel/event-webhook.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { HttpServerDeps } from '../http/server/http-server.ts';
import { createReadMessageFacts } from '../ledger/history/message-facts.ts';
import { createJournalCursor } from '../ledger/journal/journal-cursor.ts';
import { createLedger } from '../ledger/redis-ledger.ts';
import { createRateCap } from '../limit/caps/bottleneck-cap.ts';
import { createContributions } from '../limit/caps/contributions.ts';
import { createRememberedCap } from '../limit/caps/remembered-cap.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { shieldObserver } from '../pipeline/observer.ts';
import { createEventQueue, createEventWorker } from '../queue/events/event-queue.ts';
import { startEventRelay } from '../queue/events/event-relay.ts';
import type { QueueWorker } from '../queue/worker/queue-worker.ts';
import type { Redis } from '../redis/connect.ts';
import type { Keys } from '../redis/keys.ts';
import { levelFor } from '../redis/unavailable.ts';
import { startDispatching } from './dispatcher.ts';
import { type Closer, type Ground, lastWrite } from './ground.ts';
import { logEnds } from './log-ends.ts';
import { openReceiver } from './receiver.ts';
import { startRouting } from './router.ts';

export const ROLES = ['receiver', 'router', 'dispatcher'] as const;
export type Role = (typeof ROLES)[number];

/** What outlives a config. */
interface House {
  readonly roles: readonly Role[];
  readonly logger: Logger;
  readonly keys: Keys;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly door: Redis;
  /** Of the workers; where there are none it is not used. */
  readonly commands: Redis;
  /** A connection of the caller's own, to disconnect in the end. */
  connectWorker(): Redis;
  readonly readiness: HttpServerDeps['readiness'];
}

/** Everything that is made of one config. Two at a time are like two replicas: what the one has begun, the other leaves alone. */
export interface Generation {
  readonly config: Config;
  readonly http: HttpServerDeps;
  readonly workers: readonly QueueWorker[];
  /** Begins to take work, which is the last thing that can go wrong. */
  start(): Promise<void>;
  /** Takes nothing new and finishes what is in flight, however long that takes. */
  drain(): Promise<void>;
  /** Ends what is in flight: calls to providers are given up as unknown. */
  abort(): void;
  /** Lets go of everything; to be drained before. */
  close(): Promise<void>;
}

/** Makes a generation that takes no work yet. What it holds when that fails is let go of. */
export async function openGeneration(config: Config, house: House): Promise<Generation> {
  const { roles, logger, keys, metrics, clock, door, commands } = house;
  const closers: Closer[] = [];
  const workers: QueueWorker[] = [];
  const hardStop = new AbortController();
  let leaving = false;

  const closeAll = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= closeAll();
    return closing;
  };
  const drain = async () => {
    leaving = true;
    await Promise.all(workers.map((worker) => worker.close()));
  };
  /** The gauges show the providers that messages go through now. */
  const circuit: Metrics['circuit'] = (provider, state) => {
    if (!leaving) metrics.circuit(provider, state);
  };
  const providerPaused: Metrics['providerPaused'] = (provider, until) => {
    if (!leaving) metrics.providerPaused(provider, until);
  };
  const contributions = createContributions({
    redis: commands,
    keys,
    now: () => clock.now().getTime(),
    onError: (error) => logger[levelFor(error, 'warn')]({ err: error }, 'contributions to the caps could not be counted'),
  });
  closers.push(() => lastWrite(contributions.close()));
  const contributed: Metrics['contributed'] = (contribution) => {
    metrics.contributed(contribution);
    contributions.add(contribution);
  };
  let shared: Redis | undefined;
  const sharedByWorkers = (): Redis => {
    if (shared !== undefined) return shared;
    const connection = house.connectWorker();
    closers.push(async () => connection.disconnect());
    shared = connection;
    return connection;
  };
  const start = async () => {
    const slowest = Math.max(...[...config.providers.values()].map(({ timeoutMs }) => timeoutMs));
    const ground: Ground = {
      config,
      logger,
      commands,
      keys,
      clock,
      metrics: shieldObserver({ ...metrics, ...logEnds(logger, clock), circuit, providerPaused, contributed }, (error) =>
        logger.error({ err: error }, 'a metric could not be recorded'),
      ),
      ledger: createLedger(commands, keys),
      // A slot is renewed before a call that had to wait for its turn, so that one call is all that it must outlast.
      cap: createRememberedCap(createRateCap({ redis: commands, keys, leaseMs: slowest + 60_000 }), { now: () => clock.now().getTime() }),
      stopping: hardStop.signal,
      workerDeps: () => ({ shared: sharedByWorkers(), commands, prefix: config.redis.prefix, logger, ...config.worker }),
    };
    if (roles.includes('router')) workers.push(...(await startRouting(ground, closers)));
    if (roles.includes('dispatcher')) workers.push(...(await startDispatching(ground, closers)), ...(await startTelling(ground, closers)));
  };

  const operations = { metrics, logger, clock, readiness: house.readiness };
  const openHttp = async (): Promise<HttpServerDeps> => {
    if (!roles.includes('receiver')) return { role: 'operations', ...operations };
    return { ...operations, ...(await openReceiver({ config, door, keys, metrics, logger }, closers)) };
  };
  try {
    return {
      config,
      http: await openHttp(),
      workers,
      start,
      drain,
      abort: () => {
        hardStop.abort(new Error('shutting down'));
        for (const worker of workers) worker.abort();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Journal → events → whoever is told of them. A part of the dispatchers, which are the ones that may call out. The worker runs
 * also where nobody is configured: what waits for a webhook that was taken out is to end in sight.
 */
async function startTelling(ground: Ground, closers: Closer[]): Promise<QueueWorker[]> {
  const { config, logger, commands, keys, clock, metrics } = ground;
  const { prefix } = config.redis;
  const now = () => clock.now();
  const receivers = new Map<string, EventReceiver>();
  for (const [name, webhook] of config.events) {
    const { openEventReceiver } = await import('../channel/event-webhook.ts');
    const receiver = openEventReceiver(webhook, now);
    closers.push(() => receiver.close());
    receivers.set(name, receiver);
  }
  metrics.learnWebhooks([...receivers.keys()]);
  const events = createEventQueue(commands, prefix);
  closers.push(() => events.close());
  return [
    startEventRelay({
      webhooks: config.events,
      cursor: createJournalCursor(commands, keys),
      facts: createReadMessageFacts(commands, keys),
      add: events.add,
      prefix,
      observer: metrics,
      logger,
    }),
    createEventWorker({ ...ground.workerDeps(), receivers, observer: metrics, now, random: Math.random }),
  ];
}
