import type { AlertHistory, HistoryAttempt, MessageState } from '../history/history.ts';

/** An alert has its outcome, or was acknowledged. */
export interface AlertEntry {
  readonly id: string;
  readonly severity: string;
  readonly outcome: Exclude<AlertHistory['outcome'], 'pending'> | 'acknowledged';
  readonly reason: string | null;
  readonly dedupKey: string | null;
  /** Names of the contacts among its recipients, at most 20. */
  readonly contacts: readonly string[];
  /** Number of its messages. */
  readonly messages: number;
}

/** A message changed its state, or a provider did not accept it. */
export interface MessageEntry {
  readonly id: string;
  readonly alertId: string;
  readonly state: MessageState;
  readonly reason: string | null;
  readonly provider: string | null;
  /** The request to a provider that has just ended, if any. */
  readonly attempt: HistoryAttempt | null;
}

/** `seq` orders the entries and is unique; `at` is Redis time. */
export type JournalEntry = { readonly seq: string; readonly at: Date } & (
  | { readonly kind: 'alert'; readonly alert: AlertEntry }
  | { readonly kind: 'message'; readonly message: MessageEntry }
);

/** Maximum number of contacts in an entry. */
const CONTACTS = 20;

/** The line that the ledger's scripts write. */
export function alertLine({ contacts, ...alert }: AlertEntry): string {
  return JSON.stringify({ ...alert, contacts: [...new Set(contacts)].slice(0, CONTACTS) });
}

export function messageLine(message: MessageEntry): string {
  return JSON.stringify(message);
}

/** Parses a stream entry from Redis: its id, then alternating names and values. `undefined` for one of another version. */
export function readEntry([seq, fields]: readonly [string, readonly string[]]): JournalEntry | undefined {
  const [kind, line, , as] = fields;
  const at = new Date(Number(seq.split('-')[0]));
  if (line === undefined) return undefined;
  if (kind === 'alert') return { seq, at, kind, alert: JSON.parse(line) as AlertEntry };
  if (kind !== 'message') return undefined;
  const message = JSON.parse(line) as MessageEntry;
  return { seq, at, kind, message: as === undefined ? message : { ...message, state: as as MessageState } };
}
