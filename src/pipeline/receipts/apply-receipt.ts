import { z } from 'zod';
import { ALERT_ID_PATTERN } from '../../alert/id.ts';
import { epochMs } from '../../alert/parse/read-moment.ts';
import { PROVIDER_REASONS } from '../../alert/reason.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { type OptOuts, refusedBy } from '../../ledger/opt-out/opt-outs.ts';
import { RECEIPT_WORDS } from '../../ledger/receipt/receipt-table.ts';
import type { ProviderName } from '../../provider/contract/provider.ts';
import type { VendorReceipt } from '../../provider/contract/receipt-reader.ts';
import { noteInSpan } from '../../tracing/span.ts';
import type { Observer } from '../observer.ts';

/** A delivery receipt as it waits on the queue `sms-receipts`: verified, and in our terms. */
export const receiptSchema = z.object({
  provider: z.string(),
  /** Our message id, when the provider returns it. */
  messageId: z.string().optional(),
  providerMessageId: z.string().optional(),
  state: z.enum(RECEIPT_WORDS),
  /** Error code of the vendor, for an undelivered message. */
  code: z.string().optional(),
  /** Meaning of the code. */
  reason: z.enum(PROVIDER_REASONS).optional(),
  /** Time of the event, ms since the epoch, when the vendor reports it. */
  at: epochMs.optional(),
  /** Time of receipt, ms since the epoch. */
  receivedAt: epochMs,
});

export type Receipt = z.output<typeof receiptSchema>;

/** Converts a parsed receipt for the queue. Ids that cannot be ours are dropped, so that they never reach a Redis key. */
export function receiptOf(provider: ProviderName, { messageId, at, ...said }: VendorReceipt, receivedAt: Date): Receipt {
  return {
    provider,
    ...said,
    ...(messageId !== undefined && ALERT_ID_PATTERN.test(messageId) ? { messageId } : {}),
    ...(at === undefined || Number.isNaN(at.getTime()) ? {} : { at: at.getTime() }),
    receivedAt: receivedAt.getTime(),
  };
}

/** A receipt can arrive before the response to its request; it waits this long for the ledger. */
const EARLY_MS = 120_000;

export type Applied =
  | { readonly kind: 'done' }
  /** The message is not accepted yet: retry later. */
  | { readonly kind: 'early' };

/** `firstLook`: whether this is the first try. */
export type ApplyReceipt = (receipt: Receipt, now: Date, firstLook: boolean) => Promise<Applied>;

/**
 * Applies one receipt to its message and counts its outcome once. One that must wait is also counted as `early`, when
 * the wait begins.
 */
export function createReceiptReceiver(ledger: Ledger, observer: Observer, optOuts: Pick<OptOuts, 'optOut'>): ApplyReceipt {
  return async (receipt, now, firstLook) => {
    const { provider, state } = receipt;
    const unmatched = (): Applied => {
      // A timestamp further in the future would make it wait until then.
      if (Math.abs(now.getTime() - receipt.receivedAt) < EARLY_MS) {
        if (firstLook) observer.receipt(provider, 'early');
        return { kind: 'early' };
      }
      observer.receipt(provider, 'unmatched');
      return { kind: 'done' };
    };

    // The provider's id takes precedence; ours was returned in a URL or field that others may have changed.
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
    // Delivery of one part does not make the message delivered.
    observer.receipt(provider, move.to === 'accepted' ? 'pending' : state);
    if (move.to === 'undelivered') await reportUndelivered(messageId, receipt, ledger, observer);
    if (move.from === 'unknown') observer.unknownResolved(provider, 'receipt');
    if (state === 'delivered' && move.acceptedAt !== undefined) {
      observer.delivered(provider, secondsBetween(move.acceptedAt, receipt));
    }
    return { kind: 'done' };
  };
}

/**
 * Also for a repeated receipt: the worker that processed the first one may have crashed. Dated to the message, so that
 * a later START stays in force.
 */
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

/** Delay by the vendor's time, unless that time is impossible. */
function secondsBetween(acceptedAt: Date, { at = Number.POSITIVE_INFINITY, receivedAt }: Receipt): number {
  const deliveredAt = at < acceptedAt.getTime() ? receivedAt : Math.min(at, receivedAt);
  return Math.max(0, deliveredAt - acceptedAt.getTime()) / 1000;
}
