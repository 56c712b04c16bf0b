import { defineScript } from '../../redis/define-script.ts';
import { RECEIPT_INDEX_TTL_MS } from '../../redis/keys.ts';
import { wordsOf } from '../../redis/lua-source.ts';
import { EVENTS_LENGTH } from '../fields.ts';
import { MESSAGE_STATES, type MessageState, type TraceAttempt } from '../history/trace.ts';
import { tellLua } from '../journal/journal.ts';
import { indexEndedLua } from '../lists/ended.ts';
import { KEPT_RECEIPTS, type KeptReceipt, RECEIPT_TABLE, type ReceiptWord } from './receipt-table.ts';

/**
 * A receipt, by the table. One that ends nothing is noted in the trace when it says something new.
 * `event`: of a move; `lateEvent`: of a late one; `partEvent`: of one part of the message. `journalLine`: without the alert.
 */
export const receiptScript = defineScript(new URL('apply-receipt.lua', import.meta.url), {
  keys: ['message', 'unknown', 'kept', 'journal', 'undelivered', '...receiptIndexes'],
  args: {
    run: 'string',
    messageId: 'string',
    word: 'string',
    at: 'string',
    provider: 'string',
    providerMessageId: 'string?',
    reason: 'string?',
    event: 'string',
    lateEvent: 'string',
    partEvent: 'string',
    journalLine: 'string',
  },
  reply: {
    moved: { from: MESSAGE_STATES, to: MESSAGE_STATES, acceptedAt: 'string?' },
    kept: { as: KEPT_RECEIPTS, state: MESSAGE_STATES },
    missing: {},
  },
  constants: {
    RECEIPTS: RECEIPT_TABLE,
    RECEIPT_INDEX_TTL_MS,
    EVENTS_LENGTH,
    WORD: wordsOf<ReceiptWord>('delivered', 'undelivered', 'pending'),
    KEPT: wordsOf<KeptReceipt>('early', 'late', 'pending'),
    STATE: wordsOf<MessageState>('undelivered', 'unknown', 'accepted'),
    RESULT: wordsOf<NonNullable<TraceAttempt['result'] | TraceAttempt['resolution']>>('refused', 'confirmed_not_sent'),
  },
  includes: [tellLua, indexEndedLua],
});
