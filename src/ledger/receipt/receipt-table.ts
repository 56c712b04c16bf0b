import type { MessageState } from '../history/history.ts';

export const RECEIPT_WORDS = ['delivered', 'undelivered', 'pending'] as const;
/** What a provider can report. `pending`: it has the text, and no final word yet. */
export type ReceiptWord = (typeof RECEIPT_WORDS)[number];

/** What a receipt is that leaves a message as it is. */
export const KEPT_RECEIPTS = ['pending', 'early', 'late', 'duplicate', 'reordered'] as const;
export type KeptReceipt = (typeof KEPT_RECEIPTS)[number];

type ReceiptRow = Readonly<Record<ReceiptWord, 'accepted' | 'delivered' | 'undelivered' | KeptReceipt>>;

/** Not accepted yet, for all that the ledger knows: the receipt overtook the answer, and waits. */
const NOT_YET: ReceiptRow = { delivered: 'early', undelivered: 'early', pending: 'early' };
/** It ended otherwise: the receipt is written into the trace, and changes nothing. */
const OVER: ReceiptRow = { delivered: 'late', undelivered: 'late', pending: 'late' };

/**
 * All that receipts do to messages: state → what is reported → the state that it moves to, or the name of a receipt that
 * moves nothing. Whatever comes twice or out of order, the way is forward only, and a phone that showed the text is the
 * end of it: `delivered` wins over any earlier word.
 */
export const RECEIPT_TABLE: Readonly<Record<MessageState, ReceiptRow>> = {
  queued: NOT_YET,
  deferred: NOT_YET,
  sending: NOT_YET,
  accepted: { delivered: 'delivered', undelivered: 'undelivered', pending: 'pending' },
  // That the provider reports at all proves that it had accepted the text.
  unknown: { delivered: 'delivered', undelivered: 'undelivered', pending: 'accepted' },
  undelivered: { delivered: 'delivered', undelivered: 'duplicate', pending: 'reordered' },
  delivered: { delivered: 'duplicate', undelivered: 'reordered', pending: 'reordered' },
  suppressed: OVER,
  expired: OVER,
  cancelled: OVER,
  failed: OVER,
};
