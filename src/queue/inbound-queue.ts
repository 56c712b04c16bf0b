import { type ApplyInbound, type Inbound, inboundSchema } from '../pipeline/receipts/apply-inbound.ts';
import type { Redis } from '../redis/connect.ts';
import { INBOUND_QUEUE } from './names.ts';
import { openQueue } from './open-queue.ts';
import { createQueueWorker, type QueueWorker, type QueueWorkerDeps } from './worker/queue-worker.ts';

const INBOUND_JOB = 'inbound';

/** Puts verified texts that came in where they wait for the router. */
export function createInboundQueue(redis: Redis, prefix: string) {
  const queue = openQueue(INBOUND_QUEUE, redis, prefix);
  return {
    add: async (inbound: Inbound): Promise<void> => void (await queue.add(INBOUND_JOB, inbound)),
    close: () => queue.close(),
  };
}

export interface InboundWorkerDeps extends QueueWorkerDeps {
  readonly apply: ApplyInbound;
}

export function createInboundWorker({ apply, ...deps }: InboundWorkerDeps): QueueWorker {
  return createQueueWorker(INBOUND_QUEUE, deps, {
    process: async (job) => {
      const parsed = inboundSchema.safeParse(job.data);
      if (!parsed.success) return { kind: 'dead', reason: 'malformed: not an inbound text of ours' };
      await apply(parsed.data);
      return { kind: 'complete' };
    },
    // A STOP is in the data, whatever is wrong with the rest of the job.
    onUnreadable: async ({ data }) => {
      const inbound = inboundSchema.safeParse(data).data;
      if (inbound !== undefined) await apply(inbound);
    },
  });
}
