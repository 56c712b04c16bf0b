import { randomUUID } from 'node:crypto';
import type { Redis } from '../../redis/connect.ts';
import { JOURNAL_CURSOR_TTL_MS, type Keys } from '../../redis/keys.ts';
import { createScript } from '../../redis/script.ts';
import { type JournalEntry, readEntry } from './journal-entry.ts';

/** What a reader has not passed yet. */
export interface Look {
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
  look(reader: string, limit: number): Promise<Look>;
  /** True for the one replica that moved the reader on. */
  pass(reader: string, look: Look): Promise<boolean>;
}

/**
 * A place is \`id of the last entry passed, how many entries there had ever been up to it or -1, who moved it there\`.
 * Redis counts entries since version 7. KEYS journal, cursor. ARGV limit, ttl ms, run token.
 * Answers with the place, the entries lost or -1, and those behind it.
 */
const lookScript = createScript<[string, number, [string, string[]][]]>(`
local function counts()
  if redis.call('EXISTS', KEYS[1]) == 0 then return 0, 0 end
  local info, found = redis.call('XINFO', 'STREAM', KEYS[1]), {}
  for i = 1, #info, 2 do found[info[i]] = info[i + 1] end
  return found['entries-added'] or -1, found['length']
end
local place = redis.call('GET', KEYS[2])
if not place then
  local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
  place = (newest and newest[1] or '0-0') .. ' ' .. counts() .. ' ' .. ARGV[3]
  redis.call('SET', KEYS[2], place)
end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
local id, count = string.match(place, '^(%S+) (%S+)')
local lost = 0
if #redis.call('XRANGE', KEYS[1], id, id) == 0 then
  local added, length = counts()
  if added >= 0 and tonumber(count) >= 0 then lost = math.max(0, added - length - tonumber(count))
  elseif id ~= '0-0' then lost = -1 end
end
return {place, lost, redis.call('XRANGE', KEYS[1], '(' .. id, '+', 'COUNT', ARGV[1])}
`);

/** KEYS cursor. ARGV place before, place behind, ttl ms. 1 to whoever moved it, also when told twice. */
const passScript = createScript<0 | 1>(`
local place = redis.call('GET', KEYS[1])
if place == ARGV[2] then return 1 end
if place ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
`);

export function createJournalCursor(redis: Redis, keys: Keys): JournalCursor {
  return {
    async look(reader, limit) {
      const run = randomUUID();
      const [from, missing, rows] = await lookScript(
        redis,
        [keys.journal(), keys.journalCursor(reader)],
        [limit, JOURNAL_CURSOR_TTL_MS, run],
      );
      const lost = missing === -1 ? undefined : missing;
      const entries = rows.map(readEntry).filter((entry) => entry !== undefined);
      return { entries, lost, from, to: placeBehind(from, rows, lost, run) };
    },
    async pass(reader, { from, to }) {
      return (await passScript(redis, [keys.journalCursor(reader)], [from, to, JOURNAL_CURSOR_TTL_MS])) === 1;
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
