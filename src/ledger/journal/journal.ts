import type { Redis } from '../../redis/connect.ts';
import { JOURNAL_LENGTH, type Keys } from '../../redis/keys.ts';
import { luaPart } from '../../redis/lua-source.ts';
import { type JournalEntry, readEntry } from './journal-entry.ts';

/**
 * State changes of alerts and messages, in order. Each ledger step writes its line in the same script, so that no step
 * is missing and no line is without its step. About 50,000 entries are kept.
 */
export interface Journal {
  /** At most `limit` entries, newest first; `before` excludes that entry and all newer ones. */
  newest(limit: number, before?: string): Promise<JournalEntry[]>;
  /** At most `limit` entries after `seq`, oldest first; `undefined` = from the oldest that is kept. */
  since(seq: string | undefined, limit: number): Promise<JournalEntry[]>;
  /** Id of the newest entry; `undefined` while there is none. */
  head(): Promise<string | undefined>;
  /** Total number of entries ever written; `undefined` with Redis before version 7, which does not count them. */
  written(): Promise<number | undefined>;
}

export function createJournal(redis: Redis, keys: Keys): Journal {
  const key = keys.journal();
  const read = (rows: readonly [string, string[]][]) => rows.map(readEntry).filter((entry) => entry !== undefined);
  return {
    async newest(limit, before) {
      // Redis rejects an end before the smallest possible id.
      if (before !== undefined && /^0+-0+$/.test(before)) return [];
      return read(await redis.xrevrange(key, before === undefined ? '+' : `(${before}`, '-', 'COUNT', limit));
    },
    since: async (seq, limit) => read(await redis.xrange(key, seq === undefined ? '-' : `(${seq}`, '+', 'COUNT', limit)),
    head: async () => (await redis.xrevrange(key, '+', '-', 'COUNT', 1))[0]?.[0],
    written: async () => {
      // XINFO fails while the stream does not exist.
      const facts = ((await redis.call('XINFO', 'STREAM', key).catch(nothingYet)) ?? []) as readonly unknown[];
      const count = facts[facts.indexOf('entries-added') + 1];
      return typeof count === 'number' ? count : undefined;
    },
  };
}

function nothingYet(error: Error): null {
  if (/no such key/i.test(error.message)) return null;
  throw error;
}

/** Lua function `writeEntry(kind, line, as)`. Needs `keys.journal`. */
export const writeEntryLua = luaPart(new URL('write-entry.lua', import.meta.url), { constants: { JOURNAL_LENGTH } });

/** Ids of the alerts and messages with the newest entries, newest first, without repeats. @param limit entries to read */
export async function recentIds(journal: Pick<Journal, 'newest'>, limit: number): Promise<string[]> {
  const entries = await journal.newest(limit);
  return [...new Set(entries.flatMap((entry) => (entry.kind === 'alert' ? [entry.alert.id] : [entry.message.id, entry.message.alertId])))];
}
