import { randomUUID } from 'node:crypto';
import { maskNumbers } from '../alert/phone/phone.ts';
import type { Channel, ChannelDeps } from '../channel/channel.ts';
import { openChannel } from '../channel/open-channel.ts';
import { createDigests } from '../ledger/digest/digests.ts';
import { createHistories } from '../ledger/history/redis-histories.ts';
import { createParked } from '../ledger/lists/parked.ts';
import { createNotices } from '../ledger/notices.ts';
import { createOptOuts } from '../ledger/opt-out/opt-outs.ts';
import { createUnknowns } from '../ledger/unknown/unknowns.ts';
import { openBudgets } from '../limit/budget/budget.ts';
import { createSpendGuard } from '../limit/budget/spend-guard.ts';
import { createReservedSlot } from '../limit/caps/reserved-slot.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { createCircuits } from '../overview/circuits.ts';
import { createNotifier, openAddresses } from '../pipeline/notices/notifier.ts';
import { createInlineLane, type InlineLane } from '../pipeline/sending/inline-lane.ts';
import { createMessagePipeline } from '../pipeline/sending/message-pipeline.ts';
import type { RetryUntilStored } from '../pipeline/sending/message-run.ts';
import { openTargets } from '../pipeline/sending/open-targets.ts';
import { createPlaces, createReturnSchedule, slotsOf } from '../pipeline/sending/places.ts';
import { createReconcile } from '../pipeline/sending/reconcile.ts';
import type { CircuitChange } from '../provider/breaker/with-breaker.ts';
import { createRedisOutbox } from '../provider/simulated/outbox.ts';
import { createReceiptQueue } from '../queue/callback-queues.ts';
import { createDigestJobs } from '../queue/jobs/message-jobs.ts';
import { createParkedPromoter } from '../queue/jobs/promote-parked.ts';
import { createLookups } from '../queue/lookups/lookups.ts';
import { createMessageWorker, unrestrictedStep } from '../queue/message-worker.ts';
import { createNoticeWorker } from '../queue/notice-queue.ts';
import type { QueueWorker } from '../queue/worker/queue-worker.ts';
import { retryUntilStored as retryWrite } from '../queue/worker/settle.ts';
import { levelFor } from '../redis/unavailable.ts';
import { type Cleanup, lastWrite, type RoleContext } from './role-context.ts';

/** A shorter pause is normal rate limiting and is not logged. */
const LONG_PAUSE_MS = 30_000;

export interface Dispatching {
  readonly workers: readonly QueueWorker[];
  /** For alerts that this process routes. */
  readonly inlineLane: InlineLane;
}

/** Starts the workers that send messages and ask providers for the status of messages without a receipt. */
export async function startDispatching(context: RoleContext, cleanups: Cleanup[]): Promise<Dispatching> {
  const { config, logger, commands, keys, clock, ledger, metrics, cap, stopping } = context;
  const receipts = createReceiptQueue(commands, config.redis.prefix);
  cleanups.push(() => receipts.close());
  const circuits = createCircuits(commands, keys, randomUUID());
  const onUnpublished = (error: unknown) => logger[levelFor(error, 'warn')]({ err: error }, 'failed to publish the circuit state');
  cleanups.push(() => lastWrite(circuits.forget()));
  const opened = await openTargets(config.providers, commands, keys, {
    clock,
    templates: config.templates,
    outbox: createRedisOutbox(commands, keys.outbox()),
    onPacerError: (error, provider) =>
      logger[levelFor(error, 'warn')]({ err: error, provider }, 'rate limiter cannot reach Redis; messages wait'),
    onCircuit: (change, provider) => {
      reportCircuit(change, provider, metrics, logger);
      circuits.publish(provider, change.state, clock.now(), change.state === 'open' ? change.error : undefined).catch(onUnpublished);
    },
    onPause: ({ until, error }, provider) => {
      metrics.providerPaused(provider, until);
      if (until.getTime() - clock.now().getTime() < LONG_PAUSE_MS) return;
      const cause = { reason: error.reason, code: error.code, until: error.retryAt ?? until };
      logger.warn({ provider, code: error.code, status: error.status, until: cause.until }, 'provider asked for a pause');
      circuits.publish(provider, 'paused', clock.now(), cause).catch(onUnpublished);
    },
    onObserverError: (error) => logger.error({ err: error }, 'failed to report a circuit change'),
    onReceipt: (receipt) => {
      receipts
        .add({ ...receipt, receivedAt: clock.now().getTime() })
        // The stack is BullMQ's own.
        .catch((error: unknown) => logger.warn({ reason: maskNumbers(String(error)) }, 'simulated receipt lost'));
    },
  });
  cleanups.push(() => opened.close());
  const { targets } = opened;
  const onBug = (error: unknown, provider: string) => logger.error({ err: error, provider }, 'provider adapter threw an unexpected error');
  const lookups = createLookups({
    redis: commands,
    prefix: config.redis.prefix,
    histories: createHistories(commands, keys),
    unknowns: createUnknowns(commands, keys),
    observer: metrics,
    targets,
    clock,
    logger,
    onBug,
    receipts,
  });
  cleanups.push(() => lookups.close());
  const reconcile = createReconcile({ targets, onBug });
  const spendGuard =
    config.money &&
    createSpendGuard(config.money, openBudgets(commands, keys, config.money), (provider, currency) =>
      logger.warn(
        { provider, currency, hint: 'its own price figures are ignored' },
        'provider bills in a currency other than money.currency',
      ),
    );
  const parked = createParked(commands, keys);
  const returns = createReturnSchedule();
  const promoter = createParkedPromoter({
    redis: commands,
    prefix: config.redis.prefix,
    parked,
    providers: [...targets.values()].map(({ provider: { name, serves = () => true } }) => ({ name, serves })),
    onNoneWaiting: returns.clear,
    onError: (error) => logger[levelFor(error, 'warn')]({ err: error }, 'failed to promote parked messages'),
  });
  // Shutdown does not wait for a promotion that waits for an unreachable Redis.
  cleanups.push(() => lastWrite(promoter.close()));
  const jobs = createDigestJobs(commands, config.redis.prefix);
  cleanups.push(() => jobs.close());
  const retryUntilStored: RetryUntilStored = (write) =>
    retryWrite(write, (error) => logger[levelFor(error, 'error')]({ err: error }, 'Redis rejected a write; retrying until it is stored'));
  const pipeline = createMessagePipeline({
    config,
    ledger,
    cap,
    spendGuard,
    targets,
    reconcile,
    jobs,
    stopping,
    returns,
    places: createPlaces(config.worker.concurrency),
    parked,
    onBug,
    optOuts: createOptOuts(commands, keys),
    digests: createDigests(commands, keys),
    reservedSlot: createReservedSlot(commands, keys),
    observer: metrics,
    clock,
    random: Math.random,
    retryUntilStored,
    onHandedOver: lookups.plan,
  });
  const notices = await startNotifying(context, retryUntilStored, cleanups);
  const messages = { ...context.workerDeps(), concurrency: slotsOf(config.worker.concurrency) };
  return {
    workers: [createMessageWorker({ ...messages, ...pipeline }), lookups.start(context.workerDeps()), notices],
    inlineLane: createInlineLane({
      ...{ targets, dispatch: pipeline.dispatch, hasMoney: spendGuard !== undefined },
      gate: unrestrictedStep(config.redis.prefix),
      concurrency: config.worker.concurrency,
    }),
  };
}

/** Starts the worker that sends notices through the channels. */
async function startNotifying(context: RoleContext, retryUntilStored: RetryUntilStored, cleanups: Cleanup[]): Promise<QueueWorker> {
  const { config, logger, commands, keys, clock, ledger, metrics } = context;
  const deps: ChannelDeps = {
    now: () => clock.now(),
    openAddresses: (to) => openAddresses(to, config, clock.now()),
  };
  const channels = new Map<string, Channel>();
  for (const [name, channel] of config.channels) {
    const opened = await openChannel(name, channel, deps);
    cleanups.push(() => opened.close());
    channels.set(name, opened);
  }
  metrics.learnChannels([...channels.keys()]);
  const notifier = createNotifier({
    channels,
    notices: createNotices(commands, keys),
    closedBy: ledger.closedBy,
    observer: metrics,
    clock,
    retryUntilStored,
    random: Math.random,
    onBug: (error, channel) => logger.error({ err: error, channel }, 'channel threw an unexpected error'),
  });
  return createNoticeWorker({ ...context.workerDeps(), notifier });
}

/** Sets the gauge and logs the change; a fault that only an operator can fix is an error. */
export function reportCircuit(change: CircuitChange, provider: string, metrics: Pick<Metrics, 'circuit'>, logger: Logger): void {
  metrics.circuit(provider, change.state);
  if (change.state === 'closed') logger.info({ provider }, 'provider circuit closed');
  if (change.state === 'half_open') logger.info({ provider }, 'provider circuit half-open; sending trial messages');
  if (change.state === 'recovering') logger.info({ provider }, 'provider accepted a trial message');
  if (change.state !== 'open') return;
  const { reason, code, status } = change.error;
  const facts = { provider, reason, code, status, until: change.until };
  if (reason === 'auth') logger.error(facts, 'provider circuit opened: credentials or account rejected');
  else if (reason === 'balance') logger.error(facts, 'provider circuit opened: account balance exhausted');
  else logger.warn(facts, 'provider circuit opened: requests keep failing');
}
