import type { Redis } from '../../redis/connect.ts';
import { JOURNAL_LENGTH, type Keys } from '../../redis/keys.ts';
import { luaPart } from '../../redis/lua-source.ts';
import { type JournalEntry, readEntry } from './journal-entry.ts';

/**
 * What became of alerts and messages, in the order it happened: each step of the ledger writes its line in the same
 * script, so that none is missing and none is of a step that was not made. The newest 50,000 or so are kept.
 */
export interface Journal {
  /** The newest first, at most `limit`; `before` leaves out that entry and all younger ones. */
  newest(limit: number, before?: string): Promise<JournalEntry[]>;
  /** The oldest first, at most `limit`, of those after `seq`; `undefined` = from the oldest that is kept. */
  since(seq: string | undefined, limit: number): Promise<JournalEntry[]>;
  /** Of the newest entry; `undefined` while there is none. */
  head(): Promise<string | undefined>;
  /** How many entries there have ever been; `undefined` where Redis, before its version 7, does not count. */
  written(): Promise<number | undefined>;
}

export function createJournal(redis: Redis, keys: Keys): Journal {
  const key = keys.journal();
  const read = (rows: readonly [string, string[]][]) => rows.map(readEntry).filter((entry) => entry !== undefined);
  return {
    async newest(limit, before) {
      // Redis takes no end before the first entry there can be.
      if (before !== undefined && /^0+-0+$/.test(before)) return [];
      return read(await redis.xrevrange(key, before === undefined ? '+' : `(${before}`, '-', 'COUNT', limit));
    },
    since: async (seq, limit) => read(await redis.xrange(key, seq === undefined ? '-' : `(${seq}`, '+', 'COUNT', limit)),
    head: async () => (await redis.xrevrange(key, '+', '-', 'COUNT', 1))[0]?.[0],
    written: async () => {
      // Of a stream that nobody has written to yet there is nothing to be told.
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

/** Lua function `tell(kind, line, as)`: writes an entry. Needs `keys.journal`. */
export const writeEntryLua = luaPart(new URL('write-entry.lua', import.meta.url), { constants: { JOURNAL_LENGTH } });

/** Of the alerts and messages of which something was heard last, newest first, each once. @param limit entries to look at */
export async function recentIds(journal: Pick<Journal, 'newest'>, limit: number): Promise<string[]> {
  const entries = await journal.newest(limit);
  return [...new Set(entries.flatMap((entry) => (entry.kind === 'alert' ? [entry.alert.id] : [entry.message.id, entry.message.alertId])))];
}
