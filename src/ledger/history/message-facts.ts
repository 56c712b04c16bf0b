import type { Redis } from '../../redis/connect.ts';
import type { Keys } from '../../redis/keys.ts';
import type { MessageEntry } from '../journal/journal-entry.ts';
import type { AlertCard, MessageRecord } from '../records.ts';

/** Ledger data of a message that a journal entry does not contain. */
export interface MessageFacts extends Pick<MessageRecord, 'to' | 'contact' | 'severity' | 'route' | 'says'> {
  readonly dedupKey: string | null;
  /** Provider that the entry names, else the one used last. */
  readonly provider: string | null;
  readonly providerMessageId: string | null;
  readonly segments: number;
}

/** Reads the facts of a message; `undefined` past its retention. Rejects when Redis fails. */
export type ReadMessageFacts = (message: MessageEntry) => Promise<MessageFacts | undefined>;

/** Reads state and reason of a page of messages; both are `null` for an unknown message. */
export async function readStates(redis: Redis, keys: Keys, ids: readonly string[]) {
  const found = await Promise.all(ids.map((id) => redis.hmget(keys.message(id), 'state', 'reason')));
  return found.map(([state = null, reason = null]) => ({ state, reason }));
}

export function createReadMessageFacts(redis: Redis, keys: Keys): ReadMessageFacts {
  return async ({ id, alertId, provider }) => {
    const [[card, through, providerMessageId, segments], alertCard] = await Promise.all([
      redis.hmget(keys.message(id), 'card', 'provider', 'providerMessageId', 'segments'),
      redis.hget(keys.alert(alertId), 'card'),
    ]);
    if (card === null || card === undefined) return undefined;
    const record = JSON.parse(card) as MessageRecord;
    const isSame = provider === null || provider === through;
    return {
      to: record.to,
      contact: record.contact,
      severity: record.severity,
      route: record.route,
      ...(record.says === undefined ? {} : { says: record.says }),
      dedupKey: alertCard === null ? null : (JSON.parse(alertCard) as AlertCard).dedupKey,
      provider: provider ?? through ?? null,
      providerMessageId: isSame ? (providerMessageId ?? null) : null,
      segments: Number(segments ?? record.segments),
    };
  };
}
