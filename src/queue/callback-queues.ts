import { type ApplyInbound, type Inbound, inboundSchema } from '../pipeline/receipts/apply-inbound.ts';
import { type ApplyReceipt, type Receipt, receiptOf, receiptSchema } from '../pipeline/receipts/apply-receipt.ts';
import type { ProviderName } from '../provider/contract/provider.ts';
import type { VendorReceipt } from '../provider/contract/receipt-reader.ts';
import { clockOf } from '../redis/clock/redis-clock.ts';
import type { Redis } from '../redis/connect.ts';
import { INBOUND_QUEUE, RECEIPT_QUEUE } from './names.ts';
import { openQueue } from './open-queue.ts';
import { createQueueWorker, type QueueWorker, type QueueWorkerDeps } from './worker/queue-worker.ts';

const INBOUND_JOB = 'inbound';

/** Queues verified inbound texts for the router. */
export function createInboundQueue(redis: Redis, prefix: string) {
  const queue = openQueue(INBOUND_QUEUE, redis, prefix);
  return {
    add: async (inbound: Inbound): Promise<void> => void (await queue.add(INBOUND_JOB, inbound)),
    close: () => queue.close(),
  };
}

interface InboundWorkerDeps extends QueueWorkerDeps {
  readonly apply: ApplyInbound;
}

export function createInboundWorker({ apply, ...deps }: InboundWorkerDeps): QueueWorker {
  return createQueueWorker(INBOUND_QUEUE, deps, {
    process: async (job) => {
      const parsed = inboundSchema.safeParse(job.data);
      if (!parsed.success) return { kind: 'failed', reason: 'malformed: not an inbound job of this system' };
      await apply(parsed.data);
      return { kind: 'complete' };
    },
    // The data holds the STOP, even if other fields of the job are broken.
    onUnreadable: async ({ data }) => {
      const inbound = inboundSchema.safeParse(data).data;
      if (inbound !== undefined) await apply(inbound);
    },
  });
}

const RECEIPT_JOB = 'receipt';

/** Queues verified receipts for the ledger. */
export function createReceiptQueue(redis: Redis, prefix: string) {
  const queue = openQueue(RECEIPT_QUEUE, redis, prefix);
  return {
    add: async (receipt: Receipt): Promise<void> => void (await queue.add(RECEIPT_JOB, receipt)),
    /** Adds all receipts of one call, or none. */
    addReported: async (provider: ProviderName, reported: readonly VendorReceipt[], now: Date): Promise<void> =>
      void (await queue.addBulk(reported.map((entry) => ({ name: RECEIPT_JOB, data: receiptOf(provider, entry, now) })))),
    close: () => queue.close(),
  };
}

interface ReceiptWorkerDeps extends QueueWorkerDeps {
  readonly apply: ApplyReceipt;
}

/** Delay before an early receipt is tried again. */
const EARLY_DELAY_MS = 500;

export function createReceiptWorker({ apply, ...deps }: ReceiptWorkerDeps): QueueWorker {
  return createQueueWorker(RECEIPT_QUEUE, deps, {
    process: async (job) => {
      const parsed = receiptSchema.safeParse(job.data);
      if (!parsed.success) return { kind: 'failed', reason: 'malformed: not a receipt job of this system' };
      const now = clockOf(deps.commands).now();
      const applied = await apply(parsed.data, now, job.attemptsStarted === 1);
      return applied.kind === 'early' ? { kind: 'delay', until: new Date(now.getTime() + EARLY_DELAY_MS) } : { kind: 'complete' };
    },
    // The data holds the vendor's report, even if other fields of the job are broken.
    onUnreadable: async ({ data }) => {
      const receipt = receiptSchema.safeParse(data).data;
      if (receipt !== undefined) await apply(receipt, clockOf(deps.commands).now(), false);
    },
  });
}
