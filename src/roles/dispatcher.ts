import { systemClock } from '../clock.ts';
import { createTraces } from '../ledger/redis-traces.ts';
import { createUnknowns } from '../ledger/unknowns.ts';
import { createDispatchStage } from '../pipeline/dispatch-stage.ts';
import { createMessageDispatcher, type DispatcherDeps } from '../pipeline/dispatcher.ts';
import type { Message } from '../pipeline/message.ts';
import { createLedgerGate, createRateCapGate, messageExpiryGate } from '../pipeline/message-stages.ts';
import { openCarriers } from '../pipeline/open-carriers.ts';
import { poisonGate } from '../pipeline/poison-gate.ts';
import { createReconcile } from '../pipeline/reconcile.ts';
import { createRedisOutbox } from '../provider/simulated/outbox.ts';
import { createLookups } from '../queue/lookups.ts';
import { createMessageWorker } from '../queue/message-worker.ts';
import { persist } from '../queue/persist.ts';
import type { QueueWorker } from '../queue/queue-worker.ts';
import { createReceiptQueue } from '../queue/receipt-queue.ts';
import { levelFor } from '../redis/unavailable.ts';
import type { Closer, Ground } from './ground.ts';
import { reportCircuit } from './report-circuit.ts';

/** Messages → providers, and questions to them about texts without a receipt. */
export async function startDispatching(ground: Ground, closers: Closer[]): Promise<QueueWorker[]> {
  const { config, logger, commands, keys, ledger, metrics, cap, stopping } = ground;
  const receipts = createReceiptQueue(commands, config.redis.prefix);
  closers.push(() => receipts.close());
  const opened = await openCarriers(config.providers, commands, keys, {
    clock: systemClock,
    templates: config.templates,
    outbox: createRedisOutbox(commands, keys.outbox()),
    onPacerError: (error, provider) =>
      logger[levelFor(error, 'warn')]({ err: error, provider }, 'pacing: texts wait until Redis is well again'),
    onCircuit: (change, provider) => reportCircuit(change, provider, metrics, logger),
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
    unknowns: createUnknowns(commands, keys),
    observer: metrics,
    carriers,
    clock: systemClock,
    logger,
    onBug,
    receipts,
  });
  closers.push(() => lookups.close());
  const reconcile = createReconcile({ carriers, onBug });
  const deps: Omit<DispatcherDeps, 'stages'> = {
    ledger,
    cap,
    caps: config.caps,
    observer: metrics,
    clock: systemClock,
    persist: (write) =>
      persist(write, (error) => logger[levelFor(error, 'error')]({ err: error }, 'Redis refuses a write; trying until it takes it')),
    onHandedOver: lookups.plan,
  };
  const ledgerGate = createLedgerGate({ ledger, observer: metrics, carriers, reconcile, persist: deps.persist });
  const dispatch = createMessageDispatcher({
    ...deps,
    stages: [
      ledgerGate,
      messageExpiryGate,
      createRateCapGate(cap),
      createDispatchStage({
        ledger,
        cap,
        observer: metrics,
        carriers,
        reconcile,
        persist: deps.persist,
        stopping,
        random: Math.random,
        onBug,
      }),
    ],
  });
  const end = createMessageDispatcher({ ...deps, stages: [ledgerGate, poisonGate] });
  // Held, whatever its route says: a resend would be the next worker to die.
  const bury = (message: Message, signal: AbortSignal) => end({ ...message, onUnknown: 'hold' }, true, signal);
  return [createMessageWorker({ ...ground.workerDeps(), dispatch, bury }), lookups.start(ground.workerDeps())];
}
