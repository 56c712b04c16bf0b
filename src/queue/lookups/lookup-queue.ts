import type { AskProvider } from '../../pipeline/lookup/ask-provider.ts';
import { type Lookup, lookupSchema } from '../../pipeline/lookup/lookup.ts';
import type { Redis } from '../../redis/connect.ts';
import { LOOKUP_QUEUE } from '../names.ts';
import { openQueue } from '../open-queue.ts';
import { createQueueWorker, type QueueWorker, type QueueWorkerDeps } from '../worker/queue-worker.ts';

/** Puts questions to vendors where they wait for their time. A message has one at most, however often it is put. */
export function createLookupQueue(redis: Redis, prefix: string) {
  const queue = openQueue(LOOKUP_QUEUE, redis, prefix);
  return {
    add: async (lookup: Lookup, delayMs: number): Promise<void> =>
      void (await queue.add('lookup', lookup, { jobId: `l-${lookup.messageId}`, delay: delayMs })),
    close: () => queue.close(),
  };
}

export interface LookupWorkerDeps extends Omit<QueueWorkerDeps, 'concurrency'> {
  readonly ask: AskProvider;
}

/** Questions in flight per process: nobody waits for the answers, so that they may not crowd out the texts. */
const CONCURRENCY = 5;

export function createLookupWorker({ ask, ...deps }: LookupWorkerDeps): QueueWorker {
  return createQueueWorker(
    LOOKUP_QUEUE,
    { ...deps, concurrency: CONCURRENCY },
    {
      process: async (job, signal) => {
        const parsed = lookupSchema.safeParse(job.data);
        if (!parsed.success) return { kind: 'dead', reason: 'malformed: not a look-up of ours' };
        const lookedUp = await ask(parsed.data, signal);
        return lookedUp.kind === 'again' ? { kind: 'delay', until: lookedUp.until } : { kind: 'complete' };
      },
      onUnreadable: async () => undefined,
    },
  );
}
