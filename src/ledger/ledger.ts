import type { Purpose } from '../alert/alert.ts';
import type { Reason } from '../alert/reason.ts';
import type { Severity } from '../alert/severity.ts';
import type { MessageState, TraceAttempt, TraceEvent } from './trace.ts';

/** What a dedup key answers to an alert that wants to text. */
export type Claim =
  | { readonly kind: 'claimed' }
  | { readonly kind: 'duplicate'; readonly of: string }
  | { readonly kind: 'resolved' }
  /** This alert had its outcome before, in an earlier run. */
  | { readonly kind: 'settled' };

export interface ClaimRequest {
  readonly alertId: string;
  readonly dedupHash: string;
  readonly severity: Severity;
  /** 0: no dedupe. */
  readonly dedupeForMs: number;
  readonly receivedAt: number;
}

export interface AlertRecord {
  readonly id: string;
  readonly severity: Severity | 'unknown';
  readonly purpose: Purpose | 'unknown';
  readonly status: string;
  readonly dedupKey: string | null;
  readonly dedupHash: string;
  readonly receivedAt: number;
  readonly outcome: 'routed' | 'suppressed' | 'malformed';
  readonly reason: Reason | null;
  readonly events: readonly TraceEvent[];
  readonly messages: readonly MessageRecord[];
}

export interface MessageRecord {
  readonly id: string;
  readonly alertId: string;
  /** Masked: the ledger never holds a whole number. */
  readonly to: string;
  readonly contact: string | null;
  readonly severity: Severity;
  readonly route: string;
  readonly segments: number;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly state: 'queued' | 'suppressed';
  readonly reason: Reason | null;
  readonly events: readonly TraceEvent[];
}

/** What a run needs to know of earlier runs of the same message. */
export interface History {
  readonly state: MessageState;
  readonly attempts: number;
  /** Attempts of which nobody knows whether they were sent. */
  readonly unknowns: number;
  /** The provider of the newest of those. */
  readonly unknownProvider: string | undefined;
  readonly open: OpenAttempt | undefined;
}

export interface OpenAttempt {
  readonly token: string;
  readonly number: number;
  readonly record: TraceAttempt;
  /** 0 or less: nobody holds it any more. */
  readonly leaseLeftMs: number;
}

export interface ClosedAttempt {
  readonly token: string;
  readonly number: number;
  readonly record: TraceAttempt & { readonly result: 'accepted' | 'refused' | 'unknown' };
}

export interface AttemptRequest {
  readonly messageId: string;
  readonly dedupHash: string;
  readonly receivedAt: number;
  readonly token: string;
  readonly record: TraceAttempt;
  readonly leaseMs: number;
  /** How many attempts of unknown outcome may stand before this one: 0 for a first send, 1 for the one resend. */
  readonly unknownsAllowed: number;
}

export type Opened =
  | { readonly kind: 'opened'; readonly number: number }
  | { readonly kind: 'ended'; readonly state: MessageState }
  | { readonly kind: 'busy'; readonly until: Date }
  /** An attempt stands open whose holder is gone. */
  | { readonly kind: 'orphan' }
  | { readonly kind: 'resolved' }
  /** Its resend has been used. */
  | { readonly kind: 'spent' }
  | { readonly kind: 'missing' };

/** A step of a message: closes an attempt, moves the state, or both. */
export interface Move {
  readonly messageId: string;
  readonly alertId: string;
  readonly dedupHash: string;
  /** The run that makes the step; the same run may make it twice and is answered the same. */
  readonly run: string;
  readonly state: MessageState;
  readonly attempt?: ClosedAttempt | undefined;
  readonly reason?: string | undefined;
  readonly until?: Date | undefined;
  readonly accepted?: {
    readonly provider: string;
    readonly providerMessageId?: string | undefined;
    readonly segments: number;
    readonly at: Date;
  };
  readonly events: readonly TraceEvent[];
}

/** `ended`: this run gave the message its outcome, so it is this run's to count. `late`: it settled an unknown one. */
export type Moved = 'ended' | 'late' | 'moved';

export type ReceiptMove =
  | { readonly kind: 'moved'; readonly from: MessageState; readonly acceptedAt: Date | undefined }
  /** Too early (`sending`), a duplicate, or out of order. */
  | { readonly kind: 'kept'; readonly state: MessageState }
  | { readonly kind: 'missing' };

/** What we said, to whom, and what became of it. Every method rejects when Redis refuses, and then nothing was written. */
export interface Ledger {
  claim(request: ClaimRequest): Promise<Claim>;
  /** True for the one run that recorded the alert. Writes the alert and all its messages, or nothing. */
  recordAlert(record: AlertRecord, run: string): Promise<boolean>;
  recall(messageId: string): Promise<History | undefined>;
  openAttempt(request: AttemptRequest): Promise<Opened>;
  move(move: Move): Promise<Moved>;
  /** Marks a dedup key resolved as of `at`, and names the messages of it that have no outcome yet. */
  resolve(dedupHash: string, at: Date): Promise<string[]>;
  applyReceipt(messageId: string, state: 'delivered' | 'undelivered', at: Date, provider: string): Promise<ReceiptMove>;
  /** Our id behind a provider's. */
  findMessage(provider: string, providerMessageId: string): Promise<string | undefined>;
  /** Messages without an outcome, all replicas together. */
  inFlight(): Promise<number>;
}
