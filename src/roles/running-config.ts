import type { EventReceiver } from '../channel/event-webhook.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { HttpServerDeps } from '../http/server/http-server.ts';
import { keepSends } from '../ledger/failover/keep-sends.ts';
import { createReadMessageFacts } from '../ledger/history/message-facts.ts';
import { createJournalCursor } from '../ledger/journal/journal-cursor.ts';
import { createLedger } from '../ledger/redis-ledger.ts';
import { createRateCap } from '../limit/caps/bottleneck-cap.ts';
import { createCachedRateCap } from '../limit/caps/cached-rate-cap.ts';
import { createContributions } from '../limit/caps/cap-usage-statistics.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { shieldObserver } from '../pipeline/observer.ts';
import { createEventQueue, createEventWorker } from '../queue/events/event-queue.ts';
import { startEventRelay } from '../queue/events/event-relay.ts';
import type { QueueWorker } from '../queue/worker/queue-worker.ts';
import { retryUntilStored } from '../queue/worker/settle.ts';
import type { Redis } from '../redis/connect.ts';
import type { Keys } from '../redis/keys.ts';
import { levelFor } from '../redis/unavailable.ts';
import { startDispatching } from './dispatcher.ts';
import { logOutcomes } from './log-outcomes.ts';
import { openReceiver } from './receiver.ts';
import { type Cleanup, lastWrite, type RoleContext } from './role-context.ts';
import { startRouting } from './router.ts';

export const ROLES = ['receiver', 'router', 'dispatcher'] as const;
export type Role = (typeof ROLES)[number];

/** Resources that outlive a configuration. */
interface SharedResources {
  readonly roles: readonly Role[];
  readonly logger: Logger;
  readonly keys: Keys;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly interactive: Redis;
  /** Connection for the commands of workers; unused in a process without workers. */
  readonly commands: Redis;
  /** Opens a new connection, which the caller disconnects. */
  connectWorker(): Redis;
  readonly readiness: HttpServerDeps['readiness'];
}

/** Everything built from one configuration. Two at a time behave like two replicas: neither touches what the other has started. */
export interface RunningConfig {
  readonly config: Config;
  readonly http: HttpServerDeps;
  readonly workers: readonly QueueWorker[];
  /** Starts taking work; the last step that can fail. */
  start(): Promise<void>;
  /** Takes no new work and finishes what is in flight, without a deadline. */
  drain(): Promise<void>;
  /** Aborts what is in flight; provider calls are recorded as unknown. */
  abort(): void;
  /** Releases all resources; call `drain` first. */
  close(): Promise<void>;
}

/** Builds what runs one configuration, without taking work yet. Releases everything on failure. */
export async function openRunningConfig(config: Config, resources: SharedResources): Promise<RunningConfig> {
  const { roles, logger, keys, metrics, clock, interactive, commands } = resources;
  const cleanups: Cleanup[] = [];
  const workers: QueueWorker[] = [];
  const hardStop = new AbortController();
  let leaving = false;

  const closeAll = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
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
  /** The gauges show only the providers of the active configuration. */
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
    onError: (error) => logger[levelFor(error, 'warn')]({ err: error }, 'failed to count contributions to the caps'),
  });
  cleanups.push(() => lastWrite(contributions.close()));
  const contributed: Metrics['contributed'] = (contribution) => {
    metrics.contributed(contribution);
    contributions.add(contribution);
  };
  let shared: Redis | undefined;
  const sharedByWorkers = (): Redis => {
    if (shared !== undefined) return shared;
    const connection = resources.connectWorker();
    cleanups.push(async () => connection.disconnect());
    shared = connection;
    return connection;
  };
  const start = async () => {
    const slowest = Math.max(...[...config.providers.values()].map(({ timeoutMs }) => timeoutMs));
    const kept = keepSends(createLedger(commands, keys), {
      redis: commands,
      keys,
      clock,
      retryUntilStored: (write) =>
        retryUntilStored(write, (error) => logger[levelFor(error, 'error')]({ err: error }, 'sends not restored yet')),
      onRestored: (counts) =>
        logger.warn({ ...counts, hint: 'docs/guarantees.md#sentinel-and-redis-cluster' }, 'Redis lost sends in a failover; restored them'),
    });
    cleanups.push(async () => kept.close());
    const context: RoleContext = {
      config,
      logger,
      commands,
      keys,
      clock,
      metrics: shieldObserver({ ...metrics, ...logOutcomes(logger, clock), circuit, providerPaused, contributed }, (error) =>
        logger.error({ err: error }, 'failed to record a metric'),
      ),
      ledger: kept.ledger,
      // A slot is renewed before a call that waited for its turn, so that its lease needs to outlast only one call.
      cap: createCachedRateCap(createRateCap({ redis: commands, keys, leaseMs: slowest + 60_000 }), { now: () => clock.now().getTime() }),
      stopping: hardStop.signal,
      workerDeps: () => ({ shared: sharedByWorkers(), commands, prefix: config.redis.prefix, logger, ...config.worker }),
    };
    const dispatching = roles.includes('dispatcher') ? await startDispatching(context, cleanups) : undefined;
    if (dispatching !== undefined) workers.push(...dispatching.workers, ...(await startEventWebhooks(context, cleanups)));
    if (roles.includes('router')) workers.push(...(await startRouting(context, cleanups, dispatching?.inlineLane)));
  };

  const operations = { metrics, logger, clock, readiness: resources.readiness };
  const openHttp = async (): Promise<HttpServerDeps> => {
    if (!roles.includes('receiver')) return { role: 'operations', ...operations };
    return { ...operations, ...(await openReceiver({ config, redis: interactive, keys, metrics, logger }, cleanups)) };
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
 * Starts the workers that send events to webhooks. They run in dispatchers, which are the processes with outgoing access. The
 * event worker runs also without configured webhooks, so that events for a removed webhook end visibly.
 */
async function startEventWebhooks(context: RoleContext, cleanups: Cleanup[]): Promise<QueueWorker[]> {
  const { config, logger, commands, keys, clock, metrics } = context;
  const { prefix } = config.redis;
  const now = () => clock.now();
  const receivers = new Map<string, EventReceiver>();
  for (const [name, webhook] of config.events) {
    const { openEventReceiver } = await import('../channel/event-webhook.ts');
    const receiver = openEventReceiver(webhook, now);
    cleanups.push(() => receiver.close());
    receivers.set(name, receiver);
  }
  metrics.learnWebhooks([...receivers.keys()]);
  const events = createEventQueue(commands, prefix);
  cleanups.push(() => events.close());
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
    createEventWorker({ ...context.workerDeps(), receivers, observer: metrics, now, random: Math.random }),
  ];
}
