import { randomUUID } from 'node:crypto';
import type { Redis } from '../../redis/connect.ts';
import type { Keys } from '../../redis/keys.ts';
import { lines } from '../fields.ts';
import type { TraceEvent } from '../history/trace.ts';
import type { Ledger, ReportedReceipt } from '../ledger.ts';
import { receiptScript } from './receipt-script.ts';
import type { ReceiptWord } from './receipt-table.ts';

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
): TraceEvent {
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
