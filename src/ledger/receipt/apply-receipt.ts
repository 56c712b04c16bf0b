import { randomUUID } from 'node:crypto';
import type { Redis } from '../../redis/connect.ts';
import { defineScript } from '../../redis/define-script.ts';
import { type Keys, RECEIPT_INDEX_TTL_MS } from '../../redis/keys.ts';
import { wordsOf } from '../../redis/lua-source.ts';
import { type HistoryAttempt, type HistoryEvent, MESSAGE_STATES, type MessageState } from '../history/history.ts';
import { writeEntryLua } from '../journal/journal.ts';
import type { Ledger, ReportedReceipt } from '../ledger.ts';
import { indexEndedLua } from '../lists/ended.ts';
import { EVENTS_LENGTH, lines } from '../records.ts';
import { KEPT_RECEIPTS, type KeptReceipt, RECEIPT_TABLE, type ReceiptWord } from './receipt-table.ts';

/**
 * Applies a receipt according to the table. One that ends nothing is added to the history if it contains something new.
 * `event`: of a move; `lateEvent`: of a late one; `partEvent`: of one part of the message. `journalLine`: without the
 * alert.
 */
const receiptScript = defineScript(new URL('apply-receipt.lua', import.meta.url), {
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
    RESULT: wordsOf<NonNullable<HistoryAttempt['result'] | HistoryAttempt['resolution']>>('refused', 'confirmed_not_sent'),
  },
  includes: [writeEntryLua, indexEndedLua],
});

export function createApplyReceipt(redis: Redis, keys: Keys): Ledger['applyReceipt'] {
  return async (messageId, receipt) => {
    const { provider, providerMessageId, state, receivedAt, reason } = receipt;
    const answer = await receiptScript(redis, {
      keys: {
        message: keys.message(messageId),
        unknown: keys.unknown(),
        kept: keys.kept(messageId),
        journal: keys.journal(),
        undelivered: keys.ended('undelivered'),
        receiptIndexes: providerMessageId === undefined ? [] : [keys.receiptIndex(provider, providerMessageId)],
      },
      args: {
        run: randomUUID(),
        messageId,
        word: state,
        at: receivedAt.toISOString(),
        provider,
        providerMessageId,
        reason,
        event: lines([receiptEvent(receipt, state)]),
        lateEvent: lines([receiptEvent(receipt, 'late')]),
        partEvent: lines([receiptEvent(receipt, 'part')]),
        journalLine: JSON.stringify({ id: messageId, reason: reason ?? null, provider, attempt: null }),
      },
    });
    if (answer.kind !== 'moved') return answer;
    return { ...answer, acceptedAt: answer.acceptedAt === undefined ? undefined : new Date(answer.acceptedAt) };
  };
}

function receiptEvent(
  { provider, state, receivedAt, at, code, reason }: ReportedReceipt,
  verdict: ReceiptWord | 'late' | 'part',
): HistoryEvent {
  const facts = [
    ...(verdict === 'late' ? [`says ${state}`] : []),
    ...(verdict === 'part' ? [`one part is ${state}`] : []),
    `reported by ${provider}`,
    ...(code === undefined ? [] : [`code ${code}`]),
    ...(at === undefined ? [] : [`at ${at.toISOString()}`]),
  ];
  return {
    at: receivedAt.toISOString(),
    stage: 'receipt',
    verdict: verdict === 'part' ? 'pending' : verdict,
    ...(reason === undefined ? {} : { reason }),
    detail: facts.join(', '),
  };
}
