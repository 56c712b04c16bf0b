import type { MessageState } from '../history/history.ts';

export const RECEIPT_WORDS = ['delivered', 'undelivered', 'pending'] as const;
/** States that a provider can report. `pending`: it has the message and no final state yet. */
export type ReceiptWord = (typeof RECEIPT_WORDS)[number];

/** Kinds of receipt that leave a message unchanged. */
export const KEPT_RECEIPTS = ['pending', 'early', 'late', 'duplicate', 'reordered'] as const;
export type KeptReceipt = (typeof KEPT_RECEIPTS)[number];

type ReceiptRow = Readonly<Record<ReceiptWord, 'accepted' | 'delivered' | 'undelivered' | KeptReceipt>>;

/** Not accepted yet according to the ledger: the receipt overtook the provider's answer and waits. */
const NOT_YET: ReceiptRow = { delivered: 'early', undelivered: 'early', pending: 'early' };
/** The message ended otherwise: the receipt is added to the history and changes nothing. */
const OVER: ReceiptRow = { delivered: 'late', undelivered: 'late', pending: 'late' };

/**
 * All effects of receipts: state → reported state → the new state, or the kind of a receipt that changes nothing.
 * Whatever is repeated or out of order, a message only moves forward, and `delivered` overrides any earlier report.
 */
export const RECEIPT_TABLE: Readonly<Record<MessageState, ReceiptRow>> = {
  queued: NOT_YET,
  deferred: NOT_YET,
  sending: NOT_YET,
  accepted: { delivered: 'delivered', undelivered: 'undelivered', pending: 'pending' },
  // A report proves that the provider had accepted the message.
  unknown: { delivered: 'delivered', undelivered: 'undelivered', pending: 'accepted' },
  undelivered: { delivered: 'delivered', undelivered: 'duplicate', pending: 'reordered' },
  delivered: { delivered: 'duplicate', undelivered: 'reordered', pending: 'reordered' },
  suppressed: OVER,
  expired: OVER,
  cancelled: OVER,
  failed: OVER,
};
