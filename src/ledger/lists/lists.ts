import type { Redis } from '../../redis/connect.ts';
import { type Keys, LEDGER_TTL_MS } from '../../redis/keys.ts';
import type { AlertHistory, MessageHistory } from '../history/history.ts';
import { createHistories } from '../history/redis-histories.ts';
import { createJournal } from '../journal/journal.ts';
import type { JournalEntry } from '../journal/journal-entry.ts';
import { type EndedRef, endedPage, INDEXED_STATES, type IndexedState } from './ended.ts';

/** Filter for alerts or messages; an absent field matches everything. */
export interface ListFilter {
  /** State of a message, or outcome of an alert. */
  readonly state?: string | undefined;
  readonly severity?: string | undefined;
  readonly provider?: string | undefined;
  readonly route?: string | undefined;
  /** Name of a contact. */
  readonly contact?: string | undefined;
  /** Reason; also matches what an expired message waited for last. */
  readonly reason?: string | undefined;
  readonly since?: Date | undefined;
}

export interface ListPage<Item> {
  readonly items: readonly Item[];
  /** Cursor of the next page; `null` after the last one. */
  readonly next: string | null;
}

/** Reads a page; `undefined`: the cursor belongs to another list. */
export type ReadList<Item> = (filter: ListFilter, cursor: string | undefined, limit: number) => Promise<ListPage<Item> | undefined>;

/**
 * Alerts and messages, newest first. Messages of a state in {@link INDEXED_STATES} are ordered by when they ended and
 * are complete as far back as the ledger reaches (for `suppressed`, the critical ones). All others are ordered by when
 * their alert was routed and reach back as far as the journal.
 */
export interface Lists {
  readonly messages: ReadList<MessageHistory>;
  readonly alerts: ReadList<AlertHistory>;
}

/** Maximum number of journal or index entries read for one page. A page that is cut short by it has a cursor. */
const MOST_LOOKED_AT = 5_000;
const JOURNAL_BATCH = 500;
/** Histories read together. */
const BATCH = 50;
/** Maximum number of messages in a page of alerts; one alert may have a thousand. */
const MOST_MESSAGES = 1_000;
/** Alerts read together. */
const ALERT_BATCH = 10;
/** Time limit of a page, which then ends with a cursor: a caller waits a few seconds at most. */
const LONGEST_LOOK_MS = 1_500;

export function createLists(redis: Redis, keys: Keys, now: () => Date, longestLookMs = LONGEST_LOOK_MS): Lists {
  const journal = createJournal(redis, keys);
  const histories = createHistories(redis, keys);

  /** Starts the time limit of a page; the returned function is true once it has passed. */
  const startLook = () => {
    const began = performance.now();
    return () => performance.now() - began > longestLookMs;
  };

  const indexed = async (state: IndexedState, filter: ListFilter, before: EndedRef | undefined, limit: number) => {
    const since = Math.max(filter.since?.getTime() ?? 0, now().getTime() - LEDGER_TTL_MS);
    const items: MessageHistory[] = [];
    let last = before;
    const isLate = startLook();
    for (let looked = 0; looked < MOST_LOOKED_AT && (looked === 0 || !isLate()); looked += BATCH) {
      const refs = await endedPage(redis, keys, state, { before: last, since, limit: BATCH });
      const found = await Promise.all(refs.map(async (ref) => ({ ref, history: await histories.message(ref.id) })));
      for (const { ref, history } of found) {
        last = ref;
        if (history === undefined || !matches(history, filter)) continue;
        items.push(history);
        if (items.length === limit) return { items, next: `${ref.at}.${ref.id}` };
      }
      if (refs.length < BATCH) return { items, next: null };
    }
    return { items, next: last === undefined ? null : `${last.at}.${last.id}` };
  };

  /** Journal entries, in batches of `size`. */
  const journalled = async function* (since: Date | undefined, before: string | undefined, size: number) {
    let seq = before;
    for (;;) {
      const entries = await journal.newest(JOURNAL_BATCH, seq);
      const recent = entries.filter(({ at }) => since === undefined || at >= since);
      for (let at = 0; at < recent.length; at += size) yield recent.slice(at, at + size);
      seq = entries.at(-1)?.seq;
      if (recent.length < entries.length || entries.length < JOURNAL_BATCH || seq === undefined) return;
    }
  };

  /** Positions of the messages of the routed alerts, in their order. */
  const messagesOf = async (entries: readonly JournalEntry[]) => {
    const places = entries.map(async (entry) => {
      if (entry.kind !== 'alert' || entry.alert.outcome !== 'routed') return [];
      const ids = ((await redis.hget(keys.alert(entry.alert.id), 'messages')) ?? '').split(' ').filter((id) => id !== '');
      return ids.map((id, index) => ({ id, index, seq: entry.seq }));
    });
    return (await Promise.all(places)).flat();
  };

  return {
    async messages(filter, cursor, limit) {
      const { state } = filter;
      if (isIndexed(state) && (state !== 'suppressed' || filter.severity === 'critical')) {
        const before = cursor === undefined ? undefined : readEndedCursor(cursor);
        return cursor !== undefined && before === undefined ? undefined : indexed(state, filter, before, limit);
      }
      const from = cursor === undefined ? undefined : readJournalCursor(cursor);
      if (cursor !== undefined && from === undefined) return undefined;
      const items: MessageHistory[] = [];
      let looked = 0;
      const isLate = startLook();
      const take = async (entries: readonly JournalEntry[], skip = 0): Promise<ListPage<MessageHistory> | undefined> => {
        const places = (await messagesOf(entries)).slice(skip);
        for (let at = 0; at < places.length; at += BATCH) {
          const found = await Promise.all(
            places.slice(at, at + BATCH).map(async (place) => ({ place, history: await histories.message(place.id) })),
          );
          for (const { place, history } of found) {
            if (history === undefined || !matches(history, filter)) continue;
            items.push(history);
            if (items.length === limit) return { items, next: `${place.seq}.${place.index + 1}` };
          }
        }
        return undefined;
      };
      // Starts with the alert in the middle of which the last page ended.
      if (from?.skip !== undefined) {
        const [entry] = await journal.since(justBefore(from.seq), 1);
        const full = entry?.seq === from.seq ? await take([entry], from.skip) : undefined;
        if (full !== undefined) return full;
      }
      for await (const entries of journalled(filter.since, from?.seq, BATCH)) {
        looked += entries.length;
        const full = await take(entries);
        if (full !== undefined) return full;
        if (looked >= MOST_LOOKED_AT || isLate()) return { items, next: entries.at(-1)?.seq ?? null };
      }
      return { items, next: null };
    },

    async alerts(filter, cursor, limit) {
      const from = cursor === undefined ? undefined : readJournalCursor(cursor);
      if (cursor !== undefined && (from === undefined || from.skip !== undefined)) return undefined;
      const items = new Map<string, AlertHistory>();
      let looked = 0;
      let messages = 0;
      const isLate = startLook();
      const isMeant = (entry: JournalEntry) =>
        entry.kind === 'alert' && entry.alert.outcome !== 'acknowledged' && !items.has(entry.alert.id) && mayMatch(entry.alert, filter);
      for await (const entries of journalled(filter.since, from?.seq, ALERT_BATCH)) {
        const found = await Promise.all(
          entries.map(async (entry) => ({
            entry,
            history: entry.kind === 'alert' && isMeant(entry) ? await histories.alert(entry.alert.id) : undefined,
          })),
        );
        for (const { entry, history } of found) {
          looked += 1;
          // A replayed alert has an older entry with another outcome.
          const isNow = entry.kind === 'alert' && history?.outcome === entry.alert.outcome;
          if (history !== undefined && isNow && isMeant(entry) && matchesAlert(history, filter)) {
            items.set(history.id, history);
            messages += history.messages.length;
          }
          if (items.size === limit || messages >= MOST_MESSAGES || looked >= MOST_LOOKED_AT) {
            return { items: [...items.values()], next: entry.seq };
          }
        }
        if (isLate()) return { items: [...items.values()], next: entries.at(-1)?.seq ?? null };
      }
      return { items: [...items.values()], next: null };
    },
  };
}

function isIndexed(state: string | undefined): state is IndexedState {
  return (INDEXED_STATES as readonly (string | undefined)[]).includes(state);
}

/** Parses a cursor like `1763600000000.m-3kTm0aQ9ZxYb1cD2eF4gHi`. */
function readEndedCursor(cursor: string): EndedRef | undefined {
  const [, at, id] = /^(\d{1,16})\.([\w.-]{1,128})$/.exec(cursor) ?? [];
  return at === undefined || id === undefined ? undefined : { at: Number(at), id };
}

/** Parses a cursor like `1763600000000-0`, or `1763600000000-0.50` in the middle of an alert's messages. */
function readJournalCursor(cursor: string): { readonly seq: string; readonly skip: number | undefined } | undefined {
  const [, seq, skip] = /^([1-9]\d{0,15}-\d{1,16})(?:\.(\d{1,6}))?$/.exec(cursor) ?? [];
  return seq === undefined ? undefined : { seq, skip: skip === undefined ? undefined : Number(skip) };
}

/** The largest stream id below this one. */
function justBefore(seq: string): string {
  const [ms = '0', n = '0'] = seq.split('-');
  return n === '0' ? `${Number(ms) - 1}-${2n ** 64n - 1n}` : `${ms}-${BigInt(n) - 1n}`;
}

function matches(history: MessageHistory, { state, severity, provider, route, contact, reason }: ListFilter): boolean {
  return (
    (state === undefined || history.state === state) &&
    (severity === undefined || history.severity === severity) &&
    (provider === undefined || history.provider === provider || history.attempts.some((attempt) => attempt.provider === provider)) &&
    (route === undefined || history.route === route) &&
    (contact === undefined || history.contact === contact) &&
    (reason === undefined || history.reason === reason || history.lastReason === reason)
  );
}

/** Whether the alert may match, judged by its journal entry; saves reading the alert. */
function mayMatch(
  entry: { readonly severity: string; readonly outcome: string; readonly reason: string | null },
  filter: ListFilter,
): boolean {
  const { state, severity, reason } = filter;
  return (
    (state === undefined || entry.outcome === state) &&
    (severity === undefined || entry.severity === severity) &&
    (reason === undefined || entry.reason === reason)
  );
}

function matchesAlert({ messages }: AlertHistory, { provider, route, contact }: ListFilter): boolean {
  if (provider === undefined && route === undefined && contact === undefined) return true;
  return messages.some((message) => matches(message, { provider, route, contact }));
}
