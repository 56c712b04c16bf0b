import type { Redis } from '../../redis/connect.ts';
import { type Keys, LEDGER_TTL_MS } from '../../redis/keys.ts';
import { createScript } from '../../redis/script.ts';
import type { MessageState } from '../history/trace.ts';
import type { MessageRecord } from '../records.ts';

/**
 * The ends that a person may have to look for, each in an index that reaches as far back as the ledger. Of `suppressed`
 * only the critical messages are in it. `unknown` has an index of its own, which holds what is not resolved yet.
 */
export const INDEXED_STATES = ['expired', 'failed', 'undelivered', 'suppressed', 'unknown'] as const satisfies readonly MessageState[];
export type IndexedState = (typeof INDEXED_STATES)[number];

/**
 * Lua function `index(set, id)`: enters a message that has just ended. An entry that is out of date is harmless, because the
 * reader compares it with the ledger.
 */
export const INDEXES = `
local function index(set, id)
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('ZADD', set, now, id)
  redis.call('ZREMRANGEBYSCORE', set, '-inf', now - ${LEDGER_TTL_MS})
  redis.call('PEXPIRE', set, ${LEDGER_TTL_MS})
end
`;

/** KEYS index. ARGV message ids. */
const indexScript = createScript<0>(`
${INDEXES}
for _, id in ipairs(ARGV) do index(KEYS[1], id) end
return 0
`);

/** Critical messages that ended when their alert was routed. Idempotent: a router that runs again repeats it. */
export async function indexSuppressed(redis: Redis, keys: Keys, messages: readonly MessageRecord[]): Promise<void> {
  const ids = messages.filter(({ state, severity }) => state === 'suppressed' && severity === 'critical').map(({ id }) => id);
  if (ids.length > 0) await indexScript(redis, [keys.ended('suppressed')], ids);
}

/** A message and the moment, in ms, at which it came to its state. */
export interface EndedRef {
  readonly id: string;
  readonly at: number;
}

/** The newest first, at most `limit`, of those that ended at or before `before.at` and come after `before` in this order. */
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
