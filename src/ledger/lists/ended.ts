import { nowLua } from '../../redis/clock/redis-clock.ts';
import type { Redis } from '../../redis/connect.ts';
import { defineScript, noReply } from '../../redis/define-script.ts';
import { type Keys, LEDGER_TTL_MS } from '../../redis/keys.ts';
import { luaPart } from '../../redis/lua-source.ts';
import type { MessageState } from '../history/history.ts';
import type { MessageRecord } from '../records.ts';

/**
 * End states that have an index, which reaches as far back as the ledger. For `suppressed` it contains only critical
 * messages. `unknown` has an index of its own, with those that are not resolved yet.
 */
export const INDEXED_STATES = ['expired', 'failed', 'undelivered', 'suppressed', 'unknown'] as const satisfies readonly MessageState[];
export type IndexedState = (typeof INDEXED_STATES)[number];

/** Lua function `indexEnded(set, messageId)`. */
export const indexEndedLua = luaPart(new URL('index-ended.lua', import.meta.url), { constants: { LEDGER_TTL_MS }, includes: [nowLua] });

const indexMessagesScript = defineScript(new URL('index-messages.lua', import.meta.url), {
  keys: ['ended'],
  args: { messageIds: 'strings' },
  reply: noReply,
  includes: [indexEndedLua],
});

/** Indexes critical messages that ended when their alert was routed. Idempotent, since a repeated routing repeats it. */
export async function indexSuppressed(redis: Redis, keys: Keys, messages: readonly MessageRecord[]): Promise<void> {
  const ids = messages.filter(({ state, severity }) => state === 'suppressed' && severity === 'critical').map(({ id }) => id);
  if (ids.length > 0) await indexMessagesScript(redis, { keys: { ended: keys.ended('suppressed') }, args: { messageIds: ids } });
}

/** A message and when it reached its state, ms. */
export interface EndedRef {
  readonly id: string;
  readonly at: number;
}

/** At most `limit` messages, newest first, that ended at or before `before.at` and come after `before` in this order. */
export async function endedPage(
  redis: Redis,
  keys: Keys,
  state: IndexedState,
  { before, since, limit }: { readonly before?: EndedRef | undefined; readonly since: number; readonly limit: number },
): Promise<EndedRef[]> {
  const set = state === 'unknown' ? keys.unknown() : keys.ended(state);
  const found: EndedRef[] = [];
  for (let offset = 0; found.length < limit; offset += limit) {
    const flat = await redis.zrevrangebyscore(set, before?.at ?? '+inf', since, 'WITHSCORES', 'LIMIT', offset, limit);
    const rows = Array.from({ length: flat.length / 2 }, (_, n) => ({ id: flat[2 * n] as string, at: Number(flat[2 * n + 1]) }));
    found.push(...rows.filter(({ id, at }) => before === undefined || at < before.at || id < before.id));
    if (rows.length < limit) break;
  }
  return found.slice(0, limit);
}
