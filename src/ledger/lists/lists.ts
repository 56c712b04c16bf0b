import type { Redis } from '../../redis/connect.ts';
import { type Keys, LEDGER_TTL_MS } from '../../redis/keys.ts';
import type { AlertHistory, MessageHistory } from '../history/history.ts';
import { createHistories } from '../history/redis-histories.ts';
import { createJournal } from '../journal/journal.ts';
import type { JournalEntry } from '../journal/journal-entry.ts';
import { type EndedRef, endedPage, INDEXED_STATES, type IndexedState } from './ended.ts';

/** Which alerts or messages are meant; what is left out does not matter. */
export interface ListFilter {
  /** Of a message its state, of an alert its outcome. */
  readonly state?: string | undefined;
  readonly severity?: string | undefined;
  readonly provider?: string | undefined;
  readonly route?: string | undefined;
  /** Name of a contact. */
  readonly contact?: string | undefined;
  /** Also what an expired message waited for last. */
  readonly reason?: string | undefined;
  readonly since?: Date | undefined;
}

export interface ListPage<Item> {
  readonly items: readonly Item[];
  /** Where the next page begins; `null` after the last one. */
  readonly next: string | null;
}

/** `undefined`: the cursor is of another list. */
export type ReadList<Item> = (filter: ListFilter, cursor: string | undefined, limit: number) => Promise<ListPage<Item> | undefined>;

/**
 * Alerts and messages, newest first. Messages of a state in {@link INDEXED_STATES} come by when they ended, and are complete
 * as far back as the ledger reaches (of `suppressed`, the critical ones). Everything else comes by when its alert was
 * routed, and reaches back as far as the journal.
 */
export interface Lists {
  readonly messages: ReadList<MessageHistory>;
  readonly alerts: ReadList<AlertHistory>;
}

/** Looked at for one page: entries of the journal, or of an index. A page with fewer items than asked for has a cursor then. */
const MOST_LOOKED_AT = 5_000;
const JOURNAL_BATCH = 500;
/** Traces read together. */
const BATCH = 50;
/** Messages in a page of alerts; an alert may have a thousand. */
const MOST_MESSAGES = 1_000;
/** Alerts read together. */
const ALERT_BATCH = 10;
/** A page ends, with a cursor, when it was looked for so long: a caller waits no more than a few seconds for it. */
const LONGEST_LOOK_MS = 1_500;

export function createLists(redis: Redis, keys: Keys, now: () => Date, longestLookMs = LONGEST_LOOK_MS): Lists {
  const journal = createJournal(redis, keys);
  const histories = createHistories(redis, keys);

  /** Says when a page that is begun now has been looked for long enough. */
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

  /** Entries of the journal, so many together. */
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

  /** Where the messages of the routed alerts among the entries are, in their order. */
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
      // The alert in whose midst the last page ended comes first.
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
          // One that was replayed has an older entry of another outcome.
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

/** Such as `1763600000000.m-3kTm0aQ9ZxYb1cD2eF4gHi`. */
function readEndedCursor(cursor: string): EndedRef | undefined {
  const [, at, id] = /^(\d{1,16})\.([\w.-]{1,128})$/.exec(cursor) ?? [];
  return at === undefined || id === undefined ? undefined : { at: Number(at), id };
}

/** Such as `1763600000000-0`, or `1763600000000-0.50` in the midst of an alert's messages. */
function readJournalCursor(cursor: string): { readonly seq: string; readonly skip: number | undefined } | undefined {
  const [, seq, skip] = /^([1-9]\d{0,15}-\d{1,16})(?:\.(\d{1,6}))?$/.exec(cursor) ?? [];
  return seq === undefined ? undefined : { seq, skip: skip === undefined ? undefined : Number(skip) };
}

/** The greatest id of a stream that is less than this one. */
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

/** By what the journal knows; saves reading the alert. */
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
