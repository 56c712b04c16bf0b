import { randomUUID } from 'node:crypto';
import type { Redis } from '../../redis/connect.ts';
import { defineScript } from '../../redis/define-script.ts';
import { JOURNAL_CURSOR_TTL_MS, type Keys } from '../../redis/keys.ts';
import { type JournalEntry, readEntry } from './journal-entry.ts';

/** Entries that a reader has not passed yet. */
export interface JournalBatch {
  /** Oldest first. */
  readonly entries: readonly JournalEntry[];
  /** Number of entries that were trimmed before this reader reached them; `undefined`: some, of unknown number. */
  readonly lost: number | undefined;
  /** Positions of the reader before and after the entries; equal if there is nothing new. */
  readonly from: string;
  readonly to: string;
}

/**
 * Positions of journal readers, shared by all replicas. A reader looks, processes the entries, then passes them: after
 * a crash in between, the next look returns the same entries again.
 */
export interface JournalCursor {
  /** Entries after the reader's position. The first look of a reader starts at the end of the journal. */
  look(reader: string, limit: number): Promise<JournalBatch>;
  /** True for the one replica that advanced the reader. */
  pass(reader: string, look: JournalBatch): Promise<boolean>;
}

/**
 * Reads from a position, which is `id of the last entry passed, total number of entries up to it or -1, who moved it
 * there`. Redis counts entries since version 7. Returns the position, the lost entries or -1, and the entries after it.
 */
const lookScript = defineScript(new URL('look.lua', import.meta.url), {
  keys: ['journal', 'cursor'],
  args: { limit: 'number', run: 'string' },
  reply: (answer) => answer as [place: string, lost: number, rows: [string, string[]][]],
  constants: { JOURNAL_CURSOR_TTL_MS },
});

/** Advances a reader; a repeated call also returns `passed`. */
const passScript = defineScript(new URL('pass.lua', import.meta.url), {
  keys: ['cursor'],
  args: { from: 'string', to: 'string' },
  reply: ['passed', 'elsewhere'],
  constants: { JOURNAL_CURSOR_TTL_MS },
});

export function createJournalCursor(redis: Redis, keys: Keys): JournalCursor {
  return {
    async look(reader, limit) {
      const run = randomUUID();
      const [from, missing, rows] = await lookScript(redis, {
        keys: { journal: keys.journal(), cursor: keys.journalCursor(reader) },
        args: { limit, run },
      });
      const lost = missing === -1 ? undefined : missing;
      const entries = rows.map(readEntry).filter((entry) => entry !== undefined);
      return { entries, lost, from, to: placeBehind(from, rows, lost, run) };
    },
    async pass(reader, { from, to }) {
      return (await passScript(redis, { keys: { cursor: keys.journalCursor(reader) }, args: { from, to } })) === 'passed';
    },
  };
}

/** Position after the entries, also if there are none and only a loss is reported. */
function placeBehind(from: string, rows: readonly [string, string[]][], lost: number | undefined, run: string): string {
  if (rows.length === 0) return from;
  const before = Number(from.split(' ')[1]);
  const count = lost === undefined || before < 0 ? -1 : before + lost + rows.length;
  return `${rows.at(-1)?.[0]} ${count} ${run}`;
}
