import type { MessageState } from '../ledger/trace.ts';

/** What a dead job is of. A notice is what a channel was to be told. An event is what a webhook was to be told. Receipts and look-ups only die of being malformed, which none of ours is. */
export type DeadKind = 'message' | 'alert' | 'receipt' | 'lookup' | 'notice' | 'event';

/** A job in a failed set, without phone numbers and secrets. */
export interface DeadLetter {
  /** Of the message or the alert, as `explain` knows it; a receipt's or a look-up's stands for its job. */
  readonly id: string;
  readonly what: DeadKind;
  readonly alertId: string | null;
  readonly severity: string | null;
  /** Masked. */
  readonly to: string | null;
  readonly contact: string | null;
  readonly reason: string;
  /** The vendor's, of the last attempt. */
  readonly code: string | null;
  /** Why it died, in words. */
  readonly detail: string;
  /** ISO 8601. */
  readonly diedAt: string;
  /** What else is kept of it: names and words in the order to be shown. */
  readonly stored: Readonly<Record<string, string>>;
}

/** What became of a dead letter that was to be tried again. */
export type Replayed =
  /** Back in its queue; a message with its new deadline. */
  | { readonly kind: 'replayed'; readonly goodUntil: string | null }
  /** Somebody else was faster. */
  | { readonly kind: 'gone' }
  /** The ledger says that it ended otherwise: sending it again could text somebody twice. */
  | { readonly kind: 'ended'; readonly state: MessageState }
  /** The ledger has no entry any more that could be written on. */
  | { readonly kind: 'forgotten' };

/** What waits in the failed sets for a person. Every method throws RedisUnavailableError within 5 s when Redis is away. */
export interface DeadLetters {
  /** The newest, and how many there are. */
  list(limit: number): Promise<{ readonly total: number; readonly letters: readonly DeadLetter[] }>;
  /** All that are dead by now, oldest first, in batches; one that dies again meanwhile does not come twice. */
  all(): AsyncIterable<{ readonly total: number; readonly letters: readonly DeadLetter[] }>;
  /** Those of these ids; the id of an alert stands for its messages too. */
  find(ids: readonly string[]): Promise<DeadLetter[]>;
  /** Only letters that this port gave. */
  replay(letter: DeadLetter): Promise<Replayed>;
  /** True when this call took it out of the failed set. */
  discard(letter: DeadLetter): Promise<boolean>;
  close(): Promise<void>;
}
