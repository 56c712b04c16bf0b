import type { Clock } from '../../clock.ts';
import type { Histories } from '../../ledger/history/history.ts';
import type { Unknowns } from '../../ledger/unknown/unknowns.ts';
import type { Logger } from '../../logger.ts';
import { type AskProvider, createAskProvider, createLookupPlan, type LookupEnd } from '../../pipeline/lookup/ask-provider.ts';
import { type Lookup, lookupSchema } from '../../pipeline/lookup/lookup.ts';
import type { Observer } from '../../pipeline/observer.ts';
import type { DispatcherDeps } from '../../pipeline/sending/dispatcher.ts';
import type { SendTarget } from '../../pipeline/sending/send-target.ts';
import { disproveUnknown } from '../../pipeline/unknown/unknown-resolver.ts';
import type { ProviderName } from '../../provider/contract/provider.ts';
import type { VendorReceipt } from '../../provider/contract/receipt-reader.ts';
import type { Redis } from '../../redis/connect.ts';
import { createMessageAgain } from '../jobs/message-jobs.ts';
import { LOOKUP_QUEUE } from '../names.ts';
import { openQueue } from '../open-queue.ts';
import { createQueueWorker, type QueueWorker, type QueueWorkerDeps } from '../worker/queue-worker.ts';

/** Queues delivery status look-ups. A message has one at most; adding it again changes nothing. */
function createLookupQueue(redis: Redis, prefix: string) {
  const queue = openQueue(LOOKUP_QUEUE, redis, prefix);
  return {
    add: async (lookup: Lookup, delayMs: number): Promise<void> =>
      void (await queue.add('lookup', lookup, { jobId: `l-${lookup.messageId}`, delay: delayMs })),
    close: () => queue.close(),
  };
}

interface LookupWorkerDeps extends Omit<QueueWorkerDeps, 'concurrency'> {
  readonly ask: AskProvider;
}

/** Concurrent look-ups per process: low, since they are less urgent than messages. */
const CONCURRENCY = 5;

function createLookupWorker({ ask, ...deps }: LookupWorkerDeps): QueueWorker {
  return createQueueWorker(
    LOOKUP_QUEUE,
    { ...deps, concurrency: CONCURRENCY },
    {
      process: async (job, signal) => {
        const parsed = lookupSchema.safeParse(job.data);
        if (!parsed.success) return { kind: 'failed', reason: 'malformed: not a look-up job of this system' };
        const lookedUp = await ask(parsed.data, signal);
        return lookedUp.kind === 'again' ? { kind: 'delay', until: lookedUp.until } : { kind: 'complete' };
      },
      onUnreadable: async () => undefined,
    },
  );
}

interface LookupsDeps {
  readonly redis: Redis;
  readonly prefix: string;
  readonly histories: Pick<Histories, 'message'>;
  readonly targets: ReadonlyMap<ProviderName, SendTarget>;
  readonly unknowns: Unknowns;
  readonly observer: Pick<Observer, 'unknownResolved' | 'messageEnded'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when an adapter throws, which is a bug in it. */
  readonly onBug: (error: unknown, provider: ProviderName) => void;
  readonly receipts: { addReported(provider: ProviderName, reported: readonly VendorReceipt[], now: Date): Promise<void> };
}

interface Lookups {
  readonly plan: DispatcherDeps['onHandedOver'];
  start(deps: Omit<LookupWorkerDeps, 'ask'>): QueueWorker;
  close(): Promise<void>;
}

const END_TEXTS: Readonly<Record<LookupEnd['kind'], string>> = {
  absent: "message not in the provider's records and no receipt",
  given_up: 'delivery status polling gave up',
};

/** Polls vendors for the delivery status of messages without a receipt. Results are handled like receipts. */
export function createLookups({
  redis,
  prefix,
  histories,
  targets,
  unknowns,
  observer,
  clock,
  logger,
  onBug,
  receipts,
}: LookupsDeps): Lookups {
  const queue = createLookupQueue(redis, prefix);
  const again = createMessageAgain(redis, prefix);
  const report = (provider: ProviderName, receipt: VendorReceipt) => receipts.addReported(provider, [receipt], clock.now());
  const ask = createAskProvider({
    histories,
    targets,
    clock,
    report,
    disprove: async (history, provider) => {
      const isDisproved = await disproveUnknown({ unknowns, histories, add: again.add, clock }, history, provider);
      if (!isDisproved) return false;
      observer.unknownResolved(provider, 'confirmed_not_sent');
      const { id: messageId, alertId, severity, route, source } = history;
      const now = await histories.message(messageId);
      const reason = 'unknown_outcome';
      if (now?.state === 'failed')
        observer.messageEnded({ messageId, alertId, severity, route, source, state: 'failed', reason, provider });
      return isDisproved;
    },
    onNoResult: (provider, messageId, why) => logger.warn({ provider, messageId, ...errorOf(why) }, END_TEXTS[why.kind]),
    onBug,
  });
  return {
    plan: createLookupPlan({
      targets,
      add: queue.add,
      report,
      onError: (error) => logger.warn({ err: error }, 'look-up not stored; only a receipt can confirm delivery'),
    }),
    start: (deps) => createLookupWorker({ ...deps, ask }),
    close: async () => void (await Promise.all([queue.close(), again.close()])),
  };
}

function errorOf(why: LookupEnd): { reason?: string; code?: string | undefined } {
  return why.kind === 'given_up' && why.error !== undefined ? { reason: why.error.reason, code: why.error.code } : {};
}
