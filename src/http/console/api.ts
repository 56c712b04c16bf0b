import type { Story } from '../../explain/story.ts';
import type { AlertTrace, MessageTrace } from '../../ledger/history/trace.ts';
import type { KeptInbound } from '../../ledger/inbound/kept-inbound.ts';
import type { JournalEntry } from '../../ledger/journal/journal-entry.ts';
import type { Health } from '../../overview/judge-health.ts';
import type { Overview } from '../../overview/overview.ts';
import type { OperatorWord, Settled } from '../../pipeline/unknown/unknown-resolver.ts';
import type { OutboxEntry } from '../../provider/simulated/outbox.ts';
import type { DeadLetter, Replayed } from '../../queue/dead-letters/dead-letters-port.ts';

/**
 * What the page and its server say to each other: JSON, below `/console/api/`. No full phone number in either direction;
 * recipients are named as contacts and groups. Errors are problem details, as everywhere.
 */
export interface ConsoleApi {
  /**
   * `GET session`: whether this browser may come in, and whether there is a door at all. 401 nowhere else but for lack of a session.
   * It begins with `POST /console/session` `{ token }` and ends with `DELETE /console/session` `{}`: 204 both, 401 for a wrong
   * token, 429 for too many wrong ones. Every write needs `Content-Type: application/json`.
   */
  session: { readonly open: boolean; readonly needsToken: boolean; readonly version: string };
  /** `GET overview`: the figures, and the verdict on them that `status` gives too. */
  overview: Overview & { readonly health: Health; readonly names: ConsoleNames };
  /** `GET recent?limit=&before=<seq>`: newest first. */
  recent: { readonly entries: readonly ShownEntry[] };
  /**
   * `GET live?after=<seq>`: server-sent events, `data:` one ShownEntry each, oldest first, `id:` its seq. Goes on after
   * `Last-Event-ID`, else `after`, else from now. Where more happens than can be read, `event: skipped` with {@link LiveSkipped}.
   */
  live: ShownEntry;
  /** `GET search?q=`: an alert's or message's id, a dedup key, or a contact's name; newest first. */
  search: { readonly found: readonly ShownEntry[]; readonly searchedSince: string | null };
  /** `GET story/<id>` */
  story: { readonly story: Story } & (
    | { readonly kind: 'alert'; readonly alert: AlertTrace }
    | { readonly kind: 'message'; readonly message: MessageTrace }
  );
  /** `GET dead` */
  dead: { readonly total: number; readonly letters: readonly DeadLetter[] };
  /** `POST dead/<id>/replay`, `POST dead/<id>/discard`, each with `{}`. */
  replay: { readonly results: readonly (Replayed & { readonly id: string })[] };
  discard: { readonly discarded: number };
  /** `GET unknown` */
  unknown: { readonly messages: readonly MessageTrace[] };
  /** `POST unknown/<message id>` with `{ word }`. */
  resolveUnknown: Settled;
  /** `GET inbound`: texts that came in, newest first. */
  inbound: { readonly total: number; readonly entries: readonly KeptInbound[] };
  /** `GET outbox`: what the simulated phone received, newest first; 404 without a simulated provider. */
  outbox: { readonly messages: readonly OutboxEntry[] };
  /** `POST send` with a {@link SendRequest}: 202. */
  send: { readonly id: string; readonly duplicate: boolean };
}

/** So many entries, about, were left out here. */
export interface LiveSkipped {
  readonly skipped: number;
}

/** A journal entry with what the ledger knows besides; `at` is ISO 8601. */
export type ShownEntry = { readonly seq: string; readonly at: string } & (
  | { readonly kind: 'alert'; readonly alert: ShownAlert }
  | {
      readonly kind: 'message';
      readonly message: Extract<JournalEntry, { kind: 'message' }>['message'] & {
        /** Masked number and contact; `null` when the ledger has no entry any more. */
        readonly recipient: string | null;
        readonly severity: string | null;
      };
    }
);

type AlertEntry = Extract<JournalEntry, { kind: 'alert' }>['alert'];

/** `pending`: found by its id while no router has taken it yet, of which the journal says nothing. */
export interface ShownAlert extends Omit<AlertEntry, 'outcome'> {
  readonly outcome: AlertEntry['outcome'] | 'pending';
}

/** What can be chosen from. */
export interface ConsoleNames {
  /** `contact:alice`, `group:oncall`, `rotation:primary`. */
  readonly recipients: readonly string[];
  readonly severities: readonly string[];
  /** A simulated phone is configured. */
  readonly hasOutbox: boolean;
  /** Where the queues' own pages are; absent where bull-board is not served. */
  readonly boardPath?: string;
}

export interface SendRequest {
  /** Each one of {@link ConsoleNames.recipients}. */
  readonly to: readonly string[];
  readonly severity: string;
  readonly text: string;
}

export type ResolveRequest = { readonly word: OperatorWord };
