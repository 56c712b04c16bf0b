import { randomUUID } from 'node:crypto';
import type { Redis } from '../../redis/connect.ts';
import { defineScript } from '../../redis/define-script.ts';
import { JOURNAL_CURSOR_TTL_MS, type Keys } from '../../redis/keys.ts';
import { type JournalEntry, readEntry } from './journal-entry.ts';

/** What a reader has not passed yet. */
export interface JournalBatch {
  /** Oldest first. */
  readonly entries: readonly JournalEntry[];
  /** Entries that the journal dropped before this reader came to them; `undefined`: some, nobody knows how many. */
  readonly lost: number | undefined;
  /** The reader's place before and behind them; the same where there is nothing new. */
  readonly from: string;
  readonly to: string;
}

/**
 * A place in the journal for each reader, which all replicas share. Whoever has looked does its work and passes then: if
 * it dies in between, the next look gives the same entries once more.
 */
export interface JournalCursor {
  /** The first look of a reader begins at the journal's end. */
  look(reader: string, limit: number): Promise<JournalBatch>;
  /** True for the one replica that moved the reader on. */
  pass(reader: string, look: JournalBatch): Promise<boolean>;
}

/**
 * A place is `id of the last entry passed, how many entries there had ever been up to it or -1, who moved it there`.
 * Redis counts entries since version 7. Answers with the place, the entries lost or -1, and those behind it.
 */
const lookScript = defineScript(new URL('look.lua', import.meta.url), {
  keys: ['journal', 'cursor'],
  args: { limit: 'number', run: 'string' },
  reply: (answer) => answer as [place: string, lost: number, rows: [string, string[]][]],
  constants: { JOURNAL_CURSOR_TTL_MS },
});

/** `passed` also when repeated. */
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

/** Also where all that is left to say is what was lost. */
function placeBehind(from: string, rows: readonly [string, string[]][], lost: number | undefined, run: string): string {
  if (rows.length === 0) return from;
  const before = Number(from.split(' ')[1]);
  const count = lost === undefined || before < 0 ? -1 : before + lost + rows.length;
  return `${rows.at(-1)?.[0]} ${count} ${run}`;
}
