import type { MessageState } from '../../ledger/history/history.ts';

/**
 * The kind of a dead letter. A notice goes to a channel, an event to an outgoing webhook. Receipts and look-ups fail only if
 * another client added a malformed one.
 */
export type DeadLetterKind = 'message' | 'alert' | 'receipt' | 'lookup' | 'notice' | 'event';

/**
 * How it ended. `expired`: its deadline passed before it was sent. `unknown`: it may have been sent; only `unknown resolve` moves
 * it. `malformed`: it could not be read.
 */
export const DEAD_LETTER_STATES = ['failed', 'expired', 'unknown', 'malformed'] as const;
export type DeadLetterState = (typeof DEAD_LETTER_STATES)[number];

/** A failed, expired or unknown item that needs a person; without phone numbers and secrets. */
export interface DeadLetter {
  /** Id of the message or alert, as in `explain`; for a receipt or look-up an id derived from its job. */
  readonly id: string;
  readonly what: DeadLetterKind;
  readonly state: DeadLetterState;
  readonly alertId: string | null;
  readonly severity: string | null;
  readonly route: string | null;
  /** Masked number. */
  readonly to: string | null;
  readonly contact: string | null;
  /** The reason; for an expired message the last one that it waited for. */
  readonly reason: string;
  /** The vendor's code in the last attempt. */
  readonly code: string | null;
  /** The reason in plain words. */
  readonly detail: string;
  /** ISO 8601. */
  readonly diedAt: string;
  /** Other stored fields, name → text, in display order. */
  readonly stored: Readonly<Record<string, string>>;
}

/** Selects dead letters; an absent field matches all. */
export interface DeadLetterFilter {
  /** Matches the letter's reason; `expired` also matches every expired letter. */
  readonly reason?: string | undefined;
  readonly severity?: string | undefined;
  readonly route?: string | undefined;
  /** Matches letters that ended at or after this moment. */
  readonly since?: Date | undefined;
}

/** Result of replaying a dead letter. */
export type Replayed =
  /** Queued again; `goodUntil` is the new deadline of a message. */
  | { readonly kind: 'replayed'; readonly goodUntil: string | null }
  /** Skipped: its problem was resolved or acknowledged. */
  | { readonly kind: 'resolved' | 'acknowledged' }
  /** Skipped: another alert with its dedup key was sent or is queued. */
  | { readonly kind: 'duplicate'; readonly of: string }
  /** Skipped: it may have been sent; a person must resolve it first. */
  | { readonly kind: 'unknown' }
  /** Skipped: another operator has replayed or discarded it. */
  | { readonly kind: 'gone' }
  /** Skipped: the ledger has another outcome, so a resend could be a duplicate. */
  | { readonly kind: 'ended'; readonly state: MessageState }
  /** Skipped: its ledger entry has expired. */
  | { readonly kind: 'forgotten' };

export interface DeadLetterPage {
  /** Number of all dead letters, unfiltered. */
  readonly total: number;
  readonly letters: readonly DeadLetter[];
}

/** The dead letters. Every method throws RedisUnavailableError if Redis does not answer one of its calls within 5 s. */
export interface DeadLetters {
  /** The newest matching letters. `more`: older ones may match too. */
  list(limit: number, filter?: DeadLetterFilter): Promise<DeadLetterPage & { readonly more: boolean }>;
  /** All matching letters, oldest first, in batches; each comes once, even if it fails again meanwhile. `looked`: number read so far. */
  all(filter?: DeadLetterFilter): AsyncIterable<DeadLetterPage & { readonly looked: number }>;
  /** Letters with these ids; the id of an alert also matches its messages. */
  find(ids: readonly string[]): Promise<DeadLetter[]>;
  /** Replays a letter of this port. Call it sequentially, so that two letters with one dedup key are not both sent. */
  replay(letter: DeadLetter): Promise<Replayed>;
  /** True if this call removed it. Never removes a message with unknown outcome. */
  discard(letter: DeadLetter): Promise<boolean>;
  close(): Promise<void>;
}
