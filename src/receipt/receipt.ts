import { z } from 'zod';

/** A provider's delivery receipt, as it waits on the queue `sms-receipts`: verified, and in our words. */
export const receiptSchema = z.object({
  provider: z.string(),
  /** Ours, where the provider hands it back. */
  messageId: z.string().optional(),
  providerMessageId: z.string().optional(),
  state: z.enum(['delivered', 'undelivered']),
  /** ms since the epoch, when it reached us. */
  receivedAt: z.number(),
});

export type Receipt = z.output<typeof receiptSchema>;
