import type { Story } from '../../explain/story.ts';
import type { AlertHistory, MessageHistory } from '../../ledger/history/history.ts';
import type { KeptInbound } from '../../ledger/inbound/kept-inbound.ts';
import type { JournalEntry } from '../../ledger/journal/journal-entry.ts';
import type { Health } from '../../overview/judge-health.ts';
import type { Overview } from '../../overview/overview.ts';
import type { OperatorWord, Settled } from '../../pipeline/unknown/unknown-resolver.ts';
import type { OutboxEntry } from '../../provider/simulated/outbox.ts';
import type { DeadLetter, Replayed } from '../../queue/dead-letters/dead-letters-port.ts';

/**
 * The API between the page and its server: JSON, below `/console/api/`. No full phone number in either direction;
 * recipients are named as contacts and groups. Errors are problem details, as everywhere.
 */
export interface ConsoleApi {
  /**
   * `GET session`: whether this browser has access, and whether a token is needed. Every other call answers 401 without a session.
   * A session starts with `POST /console/session` `{ token }` and ends with `DELETE /console/session` `{}`: both answer 204; 401 for
   * a wrong token, 429 after too many. Every write needs `Content-Type: application/json`.
   */
  session: { readonly open: boolean; readonly needsToken: boolean; readonly version: string };
  /** `GET overview`: the figures, and the same verdict on them as `sms-dispatch status`. */
  overview: Overview & { readonly health: Health; readonly names: ConsoleNames };
  /** `GET recent?limit=&before=<seq>`: newest first. */
  recent: { readonly entries: readonly ShownEntry[] };
  /**
   * `GET live?after=<seq>`: server-sent events, each `data:` one ShownEntry, oldest first, `id:` its seq. Continues after
   * `Last-Event-ID`, else `after`, else from now. When entries are left out, `event: skipped` with {@link LiveSkipped} follows.
   */
  live: ShownEntry;
  /** `GET search?q=`: by id of an alert or message, dedup key, or contact name; newest first. */
  search: { readonly found: readonly ShownEntry[]; readonly searchedSince: string | null };
  /** `GET story/<id>` */
  story: { readonly story: Story } & (
    | { readonly kind: 'alert'; readonly alert: AlertHistory }
    | { readonly kind: 'message'; readonly message: MessageHistory }
  );
  /** `GET dead` */
  dead: { readonly total: number; readonly letters: readonly DeadLetter[] };
  /** `POST dead/<id>/replay`, `POST dead/<id>/discard`, each with `{}`. */
  replay: { readonly results: readonly (Replayed & { readonly id: string })[] };
  discard: { readonly discarded: number };
  /** `GET unknown` */
  unknown: { readonly messages: readonly MessageHistory[] };
  /** `POST unknown/<message id>` with `{ word }`. */
  resolveUnknown: Settled;
  /** `GET inbound`: inbound messages, newest first. */
  inbound: { readonly total: number; readonly entries: readonly KeptInbound[] };
  /** `GET outbox`: messages "sent" by the simulated provider, newest first; 404 without such a provider. */
  outbox: { readonly messages: readonly OutboxEntry[] };
  /** `POST send` with a {@link SendRequest}: 202. */
  send: { readonly id: string; readonly duplicate: boolean };
}

/** Approximate number of entries that were left out. */
export interface LiveSkipped {
  readonly skipped: number;
}

/** A journal entry with facts from the ledger; `at` is ISO 8601. */
export type ShownEntry = { readonly seq: string; readonly at: string } & (
  | { readonly kind: 'alert'; readonly alert: ShownAlert }
  | {
      readonly kind: 'message';
      readonly message: Extract<JournalEntry, { kind: 'message' }>['message'] & {
        /** Masked number and contact; `null` when the ledger entry has expired. */
        readonly recipient: string | null;
        readonly severity: string | null;
      };
    }
);

type AlertEntry = Extract<JournalEntry, { kind: 'alert' }>['alert'];

/** `pending`: found by id while no router has processed it, so that the journal has no entry yet. */
export interface ShownAlert extends Omit<AlertEntry, 'outcome'> {
  readonly outcome: AlertEntry['outcome'] | 'pending';
}

/** Names that the page offers for selection. */
export interface ConsoleNames {
  /** `contact:alice`, `group:oncall`, `rotation:primary`. */
  readonly recipients: readonly string[];
  readonly severities: readonly string[];
  /** True where a simulated provider is configured. */
  readonly hasOutbox: boolean;
  /** Path of the queue pages; absent where bull-board is not served. */
  readonly boardPath?: string;
}

export interface SendRequest {
  /** Each must be one of {@link ConsoleNames.recipients}. */
  readonly to: readonly string[];
  readonly severity: string;
  readonly text: string;
}

export type ResolveRequest = { readonly word: OperatorWord };
