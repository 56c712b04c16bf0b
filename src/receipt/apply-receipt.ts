import type { Ledger } from '../ledger/ledger.ts';
import { isOnItsWay } from '../ledger/trace.ts';
import type { Observer } from '../pipeline/observer.ts';
import type { Receipt } from './receipt.ts';

/** A receipt can overtake the answer to the call that it belongs to; for this long it waits for the ledger to catch up. */
const EARLY_MS = 120_000;

export type Applied =
  | { readonly kind: 'done' }
  /** The message has not been accepted yet: come back with it. */
  | { readonly kind: 'early' };

export function createReceiptReceiver(ledger: Ledger, observer: Observer) {
  return async function apply(receipt: Receipt, now: Date): Promise<Applied> {
    const { provider, state } = receipt;
    const patient = now.getTime() - receipt.receivedAt < EARLY_MS;
    const unmatched = (): Applied => {
      if (patient) return { kind: 'early' };
      observer.receipt(provider, 'unmatched');
      return { kind: 'done' };
    };

    const messageId = receipt.messageId ?? (await findByProviderId(ledger, receipt));
    if (messageId === undefined) return unmatched();
    const move = await ledger.applyReceipt(messageId, state, new Date(receipt.receivedAt), provider);
    if (move.kind === 'missing') return unmatched();
    if (move.kind === 'kept') {
      return isOnItsWay(move.state) ? unmatched() : { kind: 'done' };
    }
    observer.receipt(provider, state);
    if (move.from === 'unknown') observer.unknownResolved(provider, 'receipt');
    if (state === 'delivered' && move.acceptedAt !== undefined) {
      observer.delivered(provider, Math.max(0, receipt.receivedAt - move.acceptedAt.getTime()) / 1000);
    }
    return { kind: 'done' };
  };
}

async function findByProviderId(ledger: Ledger, { provider, providerMessageId }: Receipt): Promise<string | undefined> {
  return providerMessageId === undefined ? undefined : ledger.findMessage(provider, providerMessageId);
}
