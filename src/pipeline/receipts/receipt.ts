import { z } from 'zod';
import { epochMs } from '../../alert/epoch-ms.ts';
import { ALERT_ID_PATTERN } from '../../alert/id.ts';
import { PROVIDER_REASONS } from '../../alert/reason.ts';
import { RECEIPT_WORDS } from '../../ledger/receipt/receipt-table.ts';
import type { ProviderName } from '../../provider/contract/provider.ts';
import type { VendorReceipt } from '../../provider/contract/receipt-reader.ts';

/** A provider's delivery receipt, as it waits on the queue `sms-receipts`: verified, and in our words. */
export const receiptSchema = z.object({
  provider: z.string(),
  /** Ours, where the provider hands it back. */
  messageId: z.string().optional(),
  providerMessageId: z.string().optional(),
  state: z.enum(RECEIPT_WORDS),
  /** The vendor's, of a text that did not arrive. */
  code: z.string().optional(),
  /** What that code means. */
  reason: z.enum(PROVIDER_REASONS).optional(),
  /** ms since the epoch, when it happened, where the vendor says. */
  at: epochMs.optional(),
  /** ms since the epoch, when it reached us. */
  receivedAt: epochMs,
});

export type Receipt = z.output<typeof receiptSchema>;

/** What a reader read, ready for the queue. An id that cannot be one of ours never comes near a key of Redis. */
export function receiptOf(provider: ProviderName, { messageId, at, ...said }: VendorReceipt, receivedAt: Date): Receipt {
  return {
    provider,
    ...said,
    ...(messageId !== undefined && ALERT_ID_PATTERN.test(messageId) ? { messageId } : {}),
    ...(at === undefined || Number.isNaN(at.getTime()) ? {} : { at: at.getTime() }),
    receivedAt: receivedAt.getTime(),
  };
}
