import { ALERT_ID_PATTERN } from '../../alert/id.ts';
import type { Histories } from '../../ledger/history/history.ts';
import type { Journal } from '../../ledger/journal/journal.ts';
import type { JournalEntry } from '../../ledger/journal/journal-entry.ts';
import { isShownId, maskWords, shownAlertId } from './mask.ts';
import type { Showable } from './show.ts';

export interface Found {
  /** Newest first. */
  readonly entries: readonly Showable[];
  /** Oldest time that the search covered; `null` when the journal is empty. */
  readonly since: Date | null;
}

export interface Search {
  find(query: string): Promise<Found>;
  /** Returns the id behind a masked one; `undefined` when the journal no longer has it. */
  idOf(shown: string): Promise<string | undefined>;
}

const BATCH = 1_000;
const MOST_FOUND = 50;
/** Time limit of a search. */
const WITHIN_MS = 3_000;

export function createSearch(journal: Pick<Journal, 'newest'>, histories: Histories): Search {
  const scan = async (
    isWanted: (entry: JournalEntry) => boolean,
    most: number,
  ): Promise<Found & { readonly entries: readonly JournalEntry[] }> => {
    const end = performance.now() + WITHIN_MS;
    const found: JournalEntry[] = [];
    let oldest: JournalEntry | undefined;
    for (;;) {
      const batch = await journal.newest(BATCH, oldest?.seq);
      found.push(...batch.filter(isWanted));
      oldest = batch.at(-1) ?? oldest;
      if (batch.length < BATCH || found.length >= most || performance.now() > end) break;
    }
    return { entries: found.slice(0, most), since: oldest?.at ?? null };
  };

  return {
    async find(query) {
      const text = query.trim().replace(/^contact:/, '');
      const found = await scan((entry) => answersTo(entry, text), MOST_FOUND);
      if (found.entries.length > 0 || !ALERT_ID_PATTERN.test(text)) return found;
      // Newer than every journal entry, or older than all of them.
      return { ...found, entries: await fromLedger(text, histories) };
    },
    async idOf(shown) {
      if (!isShownId(shown)) return shown;
      const isIt = (entry: JournalEntry) => shownAlertId(alertIdOf(entry)) === shown;
      const [entry] = (await scan(isIt, 1)).entries;
      return entry && alertIdOf(entry);
    },
  };
}

/** Returns whether the search text matches the alert or message id, the dedup key (plain or masked) or a contact name. */
export function answersTo(entry: JournalEntry, text: string): boolean {
  if (text === alertIdOf(entry) || text === shownAlertId(alertIdOf(entry))) return true;
  if (entry.kind === 'message') return entry.message.id === text;
  const { dedupKey, contacts } = entry.alert;
  return contacts.includes(text) || (dedupKey !== null && (dedupKey === text || maskWords(dedupKey) === text));
}

function alertIdOf(entry: JournalEntry): string {
  return entry.kind === 'alert' ? entry.alert.id : entry.message.alertId;
}

/** Builds the entry that the journal would have. */
async function fromLedger(id: string, histories: Histories): Promise<Showable[]> {
  const [message, alert] = await Promise.all([histories.message(id), histories.alert(id)]);
  if (message !== undefined) {
    const { alertId, state, reason, provider, attempts, createdAt } = message;
    const at = new Date(createdAt);
    return [{ seq: seqOf(at), at, kind: 'message', message: { id, alertId, state, reason, provider, attempt: attempts.at(-1) ?? null } }];
  }
  if (alert === undefined) return [];
  const { severity, outcome, reason, dedupKey, messages, receivedAt } = alert;
  const at = new Date(receivedAt);
  const contacts = messages.flatMap(({ contact }) => contact ?? []);
  return [{ seq: seqOf(at), at, kind: 'alert', alert: { id, severity, outcome, reason, dedupKey, contacts, messages: messages.length } }];
}

function seqOf(at: Date): string {
  return `${at.getTime()}-0`;
}
