import { randomUUID } from 'node:crypto';
import type { Redis } from '../../redis/connect.ts';
import { type Keys, RECEIPT_INDEX_TTL_MS } from '../../redis/keys.ts';
import { lines } from '../fields.ts';
import type { MessageState, TraceEvent } from '../history/trace.ts';
import type { Ledger, ReportedReceipt } from '../ledger.ts';
import { receiptScript } from './receipt-script.ts';
import type { ReceiptWord } from './receipt-table.ts';

export function createApplyReceipt(redis: Redis, keys: Keys): Ledger['applyReceipt'] {
  return async (messageId, receipt) => {
    const { provider, providerMessageId = '', state, receivedAt, reason = '' } = receipt;
    const index = providerMessageId === '' ? keys.message(messageId) : keys.receiptIndex(provider, providerMessageId);
    const [kind, from, to, acceptedAt] = await receiptScript(
      redis,
      [keys.message(messageId), index, keys.unknown(), keys.kept(messageId), keys.journal(), keys.ended('undelivered')],
      [
        randomUUID(),
        messageId,
        state,
        receivedAt.toISOString(),
        provider,
        providerMessageId,
        reason,
        RECEIPT_INDEX_TTL_MS,
        lines([receiptEvent(receipt, state)]),
        lines([receiptEvent(receipt, 'late')]),
        JSON.stringify({ id: messageId, reason: reason === '' ? null : reason, provider, attempt: null }),
        lines([receiptEvent(receipt, 'part')]),
      ],
    );
    if (kind === 'missing') return { kind };
    if (kind !== 'moved') return { kind: 'kept', as: kind, state: from as MessageState };
    return {
      kind,
      from: from as MessageState,
      to: to as MessageState,
      acceptedAt: acceptedAt === '' || acceptedAt === undefined ? undefined : new Date(acceptedAt),
    };
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
