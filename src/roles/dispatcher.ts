import { randomUUID } from 'node:crypto';
import { createDigests } from '../ledger/digest/digests.ts';
import { createTraces } from '../ledger/history/redis-traces.ts';
import { createParked } from '../ledger/lists/parked.ts';
import { createOptOuts } from '../ledger/opt-out/opt-outs.ts';
import { createUnknowns } from '../ledger/unknown/unknowns.ts';
import { openBudgets } from '../limit/budget/budget.ts';
import { createPurse } from '../limit/budget/purse.ts';
import { createKeptSlot } from '../limit/caps/kept-slot.ts';
import { createCircuits } from '../overview/circuits.ts';
import { createMessagePipeline } from '../pipeline/sending/message-pipeline.ts';
import type { Persist } from '../pipeline/sending/message-stages.ts';
import { openCarriers } from '../pipeline/sending/open-targets.ts';
import { createPlaces, slotsOf } from '../pipeline/sending/places.ts';
import { createReconcile } from '../pipeline/sending/reconcile.ts';
import { createReturnSchedule } from '../pipeline/sending/return-schedule.ts';
import { createRedisOutbox } from '../provider/simulated/outbox.ts';
import { createDigestJobs } from '../queue/jobs/digest-jobs.ts';
import { createParkedWaker } from '../queue/jobs/wake-parked.ts';
import { createLookups } from '../queue/lookups/lookups.ts';
import { createMessageWorker } from '../queue/message-worker.ts';
import { createReceiptQueue } from '../queue/receipt-queue.ts';
import { persist } from '../queue/worker/persist.ts';
import type { QueueWorker } from '../queue/worker/queue-worker.ts';
import { levelFor } from '../redis/unavailable.ts';
import { type Closer, type Ground, lastWrite } from './ground.ts';
import { startNotifying } from './notices.ts';
import { reportCircuit } from './report-circuit.ts';

/** A shorter pause is part of ordinary pacing. */
const LONG_PAUSE_MS = 30_000;

/** Messages → providers, and questions to them about texts without a receipt. */
export async function startDispatching(ground: Ground, closers: Closer[]): Promise<QueueWorker[]> {
  const { config, logger, commands, keys, clock, ledger, metrics, cap, stopping } = ground;
  const receipts = createReceiptQueue(commands, config.redis.prefix);
  closers.push(() => receipts.close());
  const circuits = createCircuits(commands, keys, randomUUID());
  const onUnpublished = (error: unknown) => logger[levelFor(error, 'warn')]({ err: error }, 'circuit state not published');
  closers.push(() => lastWrite(circuits.forget()));
  const opened = await openCarriers(config.providers, commands, keys, {
    clock,
    templates: config.templates,
    outbox: createRedisOutbox(commands, keys.outbox()),
    onPacerError: (error, provider) =>
      logger[levelFor(error, 'warn')]({ err: error, provider }, 'pacing: texts wait until Redis is well again'),
    onCircuit: (change, provider) => {
      reportCircuit(change, provider, metrics, logger);
      circuits.publish(provider, change.state, clock.now(), change.state === 'open' ? change.error : undefined).catch(onUnpublished);
    },
    onPause: ({ until, error }, provider) => {
      metrics.providerPaused(provider, until);
      if (until.getTime() - clock.now().getTime() < LONG_PAUSE_MS) return;
      const cause = { reason: error.reason, code: error.code, until: error.retryAt ?? until };
      logger.warn({ provider, code: error.code, status: error.status, until: cause.until }, 'provider asked to be left alone');
      circuits.publish(provider, 'paused', clock.now(), cause).catch(onUnpublished);
    },
    onObserverError: (error) => logger.error({ err: error }, 'a circuit change could not be reported'),
    onReceipt: (receipt) => {
      receipts
        .add({ ...receipt, receivedAt: clock.now().getTime() })
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
    unknowns: createUnknowns(commands, keys),
    observer: metrics,
    carriers,
    clock,
    logger,
    onBug,
    receipts,
  });
  closers.push(() => lookups.close());
  const reconcile = createReconcile({ carriers, onBug });
  const purse =
    config.money &&
    createPurse(config.money, openBudgets(commands, keys, config.money), (provider, currency) =>
      logger.warn({ provider, currency }, 'bills in another currency than money.currency: its own figures are left aside'),
    );
  const parked = createParked(commands, keys);
  const returns = createReturnSchedule();
  const waker = createParkedWaker({
    redis: commands,
    prefix: config.redis.prefix,
    parked,
    providers: [...carriers.values()].map(({ provider: { name, serves = () => true } }) => ({ name, serves })),
    onNoneWaiting: returns.clear,
    onError: (error) => logger[levelFor(error, 'warn')]({ err: error }, 'parked messages could not be promoted'),
  });
  // A look that waits for a Redis that is away has nothing to wait for.
  closers.push(() => lastWrite(waker.close()));
  const jobs = createDigestJobs(commands, config.redis.prefix);
  closers.push(() => jobs.close());
  const persisting: Persist = (write) =>
    persist(write, (error) => logger[levelFor(error, 'error')]({ err: error }, 'Redis refuses a write; trying until it takes it'));
  const pipeline = createMessagePipeline({
    config,
    ledger,
    cap,
    purse,
    carriers,
    reconcile,
    jobs,
    stopping,
    returns,
    places: createPlaces(config.worker.concurrency),
    parked,
    onBug,
    optOuts: createOptOuts(commands, keys),
    digests: createDigests(commands, keys),
    kept: createKeptSlot(commands, keys),
    observer: metrics,
    clock,
    random: Math.random,
    persist: persisting,
    onHandedOver: lookups.plan,
  });
  const notices = await startNotifying(ground, persisting, closers);
  const messages = { ...ground.workerDeps(), concurrency: slotsOf(config.worker.concurrency) };
  return [createMessageWorker({ ...messages, ...pipeline }), lookups.start(ground.workerDeps()), notices];
}
