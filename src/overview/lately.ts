import type { MessageState } from '../ledger/history/trace.ts';
import type { JournalEntry } from '../ledger/journal/journal-entry.ts';

/** What the journal holds of the last minutes. */
export interface Lately {
  /** How far back these figures reach: less than asked for where so much happened that not all was read. */
  readonly seconds: number;
  /** Alerts that came to their outcome. */
  readonly alerts: number;
  /** Times that messages came to a state, by state. */
  readonly messages: Readonly<Partial<Record<MessageState, number>>>;
}

/**
 * Those of the entries, newest first, that are not older than `windowMs`, and what they add up to.
 * @param isWhole whether the entries reach back to the beginning of the journal
 */
export function countLately(
  entries: readonly JournalEntry[],
  isWhole: boolean,
  now: Date,
  windowMs: number,
): { readonly lately: Lately; readonly recent: readonly JournalEntry[] } {
  const from = now.getTime() - windowMs;
  const recent = entries.filter(({ at }) => at.getTime() >= from);
  const oldest = entries.at(-1);
  const reachesBack = isWhole || recent.length < entries.length || oldest === undefined;
  const seconds = reachesBack ? windowMs / 1000 : Math.max(1, Math.round((now.getTime() - oldest.at.getTime()) / 1000));
  const messages: Partial<Record<MessageState, number>> = {};
  let alerts = 0;
  for (const entry of recent) {
    if (entry.kind === 'alert') alerts += entry.alert.outcome === 'acknowledged' ? 0 : 1;
    else if (!isOnlyRefused(entry)) messages[entry.message.state] = (messages[entry.message.state] ?? 0) + 1;
  }
  return { lately: { seconds, alerts, messages }, recent };
}

/** A request that came to nothing, of a message that stays what it was. */
function isOnlyRefused({ message }: Extract<JournalEntry, { kind: 'message' }>): boolean {
  return message.state === 'sending' || (message.state === 'queued' && message.attempt !== null);
}
