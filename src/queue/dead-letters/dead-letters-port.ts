import type { MessageState } from '../../ledger/history/trace.ts';

/**
 * The kind of a dead letter. A notice is for a channel, an event for an outgoing webhook. Receipts and look-ups fail only when
 * they are malformed, which ours never are.
 */
export type DeadLetterKind = 'message' | 'alert' | 'receipt' | 'lookup' | 'notice' | 'event';

/**
 * How it ended. `expired`: its time was up before it was sent. `unknown`: it may have been sent; only `unknown resolve` moves
 * it. `malformed`: it could not be read.
 */
export const DEAD_LETTER_STATES = ['failed', 'expired', 'unknown', 'malformed'] as const;
export type DeadLetterState = (typeof DEAD_LETTER_STATES)[number];

/** What waits for a person, without phone numbers and secrets. */
export interface DeadLetter {
  /** Of the message or the alert, as `explain` knows it; a receipt's or a look-up's stands for its job. */
  readonly id: string;
  readonly what: DeadLetterKind;
  readonly state: DeadLetterState;
  readonly alertId: string | null;
  readonly severity: string | null;
  readonly route: string | null;
  /** Masked. */
  readonly to: string | null;
  readonly contact: string | null;
  /** Why it ended; of an expired message, what it waited for last. */
  readonly reason: string;
  /** The vendor's, of the last attempt. */
  readonly code: string | null;
  /** Why it ended, in words. */
  readonly detail: string;
  /** ISO 8601. */
  readonly diedAt: string;
  /** What else is kept of it: names and words in the order to be shown. */
  readonly stored: Readonly<Record<string, string>>;
}

/** Which letters are meant; what is left out does not matter. */
export interface DeadLetterFilter {
  /** Of the letter; `expired` also finds every expired letter, whatever it waited for. */
  readonly reason?: string | undefined;
  readonly severity?: string | undefined;
  readonly route?: string | undefined;
  /** Those that ended at or after this moment. */
  readonly since?: Date | undefined;
}

/** What became of a dead letter that was to be tried again. */
export type Replayed =
  /** Back in its queue; a message with its new deadline. */
  | { readonly kind: 'replayed'; readonly goodUntil: string | null }
  /** Not worth sending any more: its problem was resolved or acknowledged. */
  | { readonly kind: 'resolved' | 'acknowledged' }
  /** Not worth sending any more: another alert of its dedup key was texted, or is about to be. */
  | { readonly kind: 'duplicate'; readonly of: string }
  /** It may have been sent: a person must say whether it was. */
  | { readonly kind: 'unknown' }
  /** Another operator was faster. */
  | { readonly kind: 'gone' }
  /** The ledger says that it ended otherwise: sending it again could text somebody twice. */
  | { readonly kind: 'ended'; readonly state: MessageState }
  /** The ledger has no entry any more that could be written on. */
  | { readonly kind: 'forgotten' };

export interface DeadLetterPage {
  /** How many letters there are in all, whatever the filter. */
  readonly total: number;
  readonly letters: readonly DeadLetter[];
}

/** What waits for a person. Every method throws RedisUnavailableError when Redis does not answer one of its calls within 5 s. */
export interface DeadLetters {
  /** The newest that match. `more`: there may be further ones. */
  list(limit: number, filter?: DeadLetterFilter): Promise<DeadLetterPage & { readonly more: boolean }>;
  /** All that match by now, oldest first, in batches; one that ends again meanwhile does not come twice. `looked`: how many were looked at. */
  all(filter?: DeadLetterFilter): AsyncIterable<DeadLetterPage & { readonly looked: number }>;
  /** Those of these ids; the id of an alert stands for its messages too. */
  find(ids: readonly string[]): Promise<DeadLetter[]>;
  /** Only letters that this port gave; one after the other, so that two of one dedup key are not both sent. */
  replay(letter: DeadLetter): Promise<Replayed>;
  /** True when this call took it out. One of unknown outcome is never taken out here. */
  discard(letter: DeadLetter): Promise<boolean>;
  close(): Promise<void>;
}
