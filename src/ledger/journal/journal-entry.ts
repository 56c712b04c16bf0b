import type { AlertHistory, HistoryAttempt, MessageState } from '../history/history.ts';

/** An alert has its outcome, or somebody takes care of it. */
export interface AlertEntry {
  readonly id: string;
  readonly severity: string;
  readonly outcome: Exclude<AlertHistory['outcome'], 'pending'> | 'acknowledged';
  readonly reason: string | null;
  readonly dedupKey: string | null;
  /** Names of the contacts among its recipients, at most 20. */
  readonly contacts: readonly string[];
  /** How many messages it became. */
  readonly messages: number;
}

/** A message has come to another state, or a provider has not taken it. */
export interface MessageEntry {
  readonly id: string;
  readonly alertId: string;
  readonly state: MessageState;
  readonly reason: string | null;
  readonly provider: string | null;
  /** The request to a provider that has just ended, where one has. */
  readonly attempt: HistoryAttempt | null;
}

/** `seq` orders entries and is theirs alone; `at` is by Redis' clock. */
export type JournalEntry = { readonly seq: string; readonly at: Date } & (
  | { readonly kind: 'alert'; readonly alert: AlertEntry }
  | { readonly kind: 'message'; readonly message: MessageEntry }
);

/** Most contacts that an entry names. */
const CONTACTS = 20;

/** What the ledger's scripts write. */
export function alertLine({ contacts, ...alert }: AlertEntry): string {
  return JSON.stringify({ ...alert, contacts: [...new Set(contacts)].slice(0, CONTACTS) });
}

export function messageLine(message: MessageEntry): string {
  return JSON.stringify(message);
}

/** As Redis gives an entry of the stream: its id, then name and value by turns. `undefined` for one of another version. */
export function readEntry([seq, fields]: readonly [string, readonly string[]]): JournalEntry | undefined {
  const [kind, line, , as] = fields;
  const at = new Date(Number(seq.split('-')[0]));
  if (line === undefined) return undefined;
  if (kind === 'alert') return { seq, at, kind, alert: JSON.parse(line) as AlertEntry };
  if (kind !== 'message') return undefined;
  const message = JSON.parse(line) as MessageEntry;
  return { seq, at, kind, message: as === undefined ? message : { ...message, state: as as MessageState } };
}
