import { Queue } from 'bullmq';
import type { Applied } from '../receipt/apply-receipt.ts';
import { type Receipt, receiptSchema } from '../receipt/receipt.ts';
import type { Redis } from '../redis/connect.ts';
import { QUEUE_OPTIONS, RECEIPT_QUEUE } from './names.ts';
import { createQueueWorker, type QueueWorker, type QueueWorkerDeps } from './queue-worker.ts';
import { settleJob } from './settle.ts';

/** Puts verified receipts where they wait for the ledger. */
export function createReceiptQueue(redis: Redis, prefix: string) {
  const queue = new Queue(RECEIPT_QUEUE, { connection: redis, prefix, ...QUEUE_OPTIONS });
  queue.on('error', () => undefined);
  return {
    add: async (receipt: Receipt): Promise<void> => void (await queue.add('receipt', receipt)),
    close: () => queue.close(),
  };
}

export interface ReceiptWorkerDeps extends QueueWorkerDeps {
  readonly apply: (receipt: Receipt, now: Date) => Promise<Applied>;
}

/** An early receipt looks again this much later. */
const EARLY_DELAY_MS = 500;

export function createReceiptWorker({ apply, ...deps }: ReceiptWorkerDeps): QueueWorker {
  return createQueueWorker(RECEIPT_QUEUE, deps, {
    process: async (job, token) => {
      const parsed = receiptSchema.safeParse(job.data);
      if (!parsed.success) return settleJob(job, token, { kind: 'dead', reason: 'malformed: not a receipt of ours' });
      const now = new Date();
      const applied = await apply(parsed.data, now);
      return settleJob(
        job,
        token,
        applied.kind === 'early' ? { kind: 'delay', until: new Date(now.getTime() + EARLY_DELAY_MS) } : { kind: 'complete' },
      );
    },
    onUnreadable: async () => undefined,
  });
}
