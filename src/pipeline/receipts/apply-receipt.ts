import { z } from 'zod';
import { ALERT_ID_PATTERN } from '../../alert/id.ts';
import { epochMs } from '../../alert/read-moment.ts';
import { PROVIDER_REASONS } from '../../alert/reason.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { type OptOuts, refusedBy } from '../../ledger/opt-out/opt-outs.ts';
import { RECEIPT_WORDS } from '../../ledger/receipt/receipt-table.ts';
import type { ProviderName } from '../../provider/contract/provider.ts';
import type { VendorReceipt } from '../../provider/contract/receipt-reader.ts';
import { noteInSpan } from '../../tracing/span.ts';
import type { Observer } from '../observer.ts';

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

/** A receipt can overtake the answer to the call that it belongs to; for this long it waits for the ledger to catch up. */
const EARLY_MS = 120_000;

export type Applied =
  | { readonly kind: 'done' }
  /** The message has not been accepted yet: come back with it. */
  | { readonly kind: 'early' };

/** `firstLook`: this receipt has not waited yet. */
export type ApplyReceipt = (receipt: Receipt, now: Date, firstLook: boolean) => Promise<Applied>;

/**
 * Takes one receipt to its message, and counts it once by what it turned out to be. One that must wait is counted as
 * `early` besides, when it begins to.
 */
export function createReceiptReceiver(ledger: Ledger, observer: Observer, optOuts: Pick<OptOuts, 'optOut'>): ApplyReceipt {
  return async (receipt, now, firstLook) => {
    const { provider, state } = receipt;
    const unmatched = (): Applied => {
      // One from further in the future than that would wait until then.
      if (Math.abs(now.getTime() - receipt.receivedAt) < EARLY_MS) {
        if (firstLook) observer.receipt(provider, 'early');
        return { kind: 'early' };
      }
      observer.receipt(provider, 'unmatched');
      return { kind: 'done' };
    };

    // The provider's id is its own; ours came back through a URL or a field that others may have changed.
    const messageId = (await findByProviderId(ledger, receipt)) ?? receipt.messageId;
    if (messageId === undefined) return unmatched();
    noteInSpan({ 'sms.message.id': messageId, 'sms.receipt': state });
    const move = await ledger.applyReceipt(messageId, {
      provider,
      providerMessageId: receipt.providerMessageId,
      state,
      receivedAt: new Date(receipt.receivedAt),
      at: receipt.at === undefined ? undefined : new Date(receipt.at),
      code: receipt.code,
      reason: receipt.reason,
    });
    if (move.kind === 'missing') return unmatched();
    if (state === 'undelivered' && receipt.reason === 'opted_out') await learnOptOut(messageId, receipt, ledger, optOuts);
    if (move.kind === 'kept') {
      if (move.as === 'early') return unmatched();
      observer.receipt(provider, move.as);
      return { kind: 'done' };
    }
    // A part that arrived does not make the text arrive.
    observer.receipt(provider, move.to === 'accepted' ? 'pending' : state);
    if (move.to === 'undelivered') await reportUndelivered(messageId, receipt, ledger, observer);
    if (move.from === 'unknown') observer.unknownResolved(provider, 'receipt');
    if (state === 'delivered' && move.acceptedAt !== undefined) {
      observer.delivered(provider, secondsBetween(move.acceptedAt, receipt));
    }
    return { kind: 'done' };
  };
}

/** Also from a receipt that tells nothing new: whoever took it first may have died before this. As old as its text: a START since then stays. */
async function learnOptOut(
  messageId: string,
  { provider, code }: Receipt,
  ledger: Ledger,
  optOuts: Pick<OptOuts, 'optOut'>,
): Promise<void> {
  const addressee = await ledger.addressee(messageId);
  if (addressee === undefined) return;
  const { phoneHash, to, createdAt } = addressee;
  await optOuts.optOut({ phoneHash, to, since: new Date(createdAt), source: refusedBy(provider, code) });
}

async function reportUndelivered(
  messageId: string,
  { provider, reason, code }: Receipt,
  ledger: Ledger,
  observer: Pick<Observer, 'messageEnded'>,
): Promise<void> {
  const of = await ledger.addressee(messageId);
  if (of === undefined) return;
  const { alertId, severity, route, source } = of;
  observer.messageEnded({ messageId, alertId, severity, route, source, state: 'undelivered', reason, provider, code });
}

async function findByProviderId(ledger: Ledger, { provider, providerMessageId }: Receipt): Promise<string | undefined> {
  return providerMessageId === undefined ? undefined : ledger.findMessage(provider, providerMessageId);
}

/** By the vendor's word, unless it names a moment that cannot be. */
function secondsBetween(acceptedAt: Date, { at = Number.POSITIVE_INFINITY, receivedAt }: Receipt): number {
  const deliveredAt = at < acceptedAt.getTime() ? receivedAt : Math.min(at, receivedAt);
  return Math.max(0, deliveredAt - acceptedAt.getTime()) / 1000;
}
