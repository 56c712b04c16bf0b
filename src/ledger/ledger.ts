import type { ProviderReason } from '../alert/reason.ts';
import type { Severity } from '../alert/severity.ts';
import type { AckCodes, Acknowledge } from './acknowledge/acknowledge.ts';
import type { Closure } from './acknowledge/closure-script.ts';
import type { HistoryAttempt, HistoryEvent, MessageState } from './history/history.ts';
import type { KeptReceipt, ReceiptWord } from './receipt/receipt-table.ts';
import type { MessageRecord, RoutedAlert, SettledAlert } from './records.ts';
import type { ResolveSubscribers } from './resolved/resolve-subscribers.ts';

/** What an alert that wants to text is told. */
export type Admission =
  /**
   * Written, with its messages. `fresh` for the one run that did so: its messages are this run's to count. `muted`: the
   * phones (by hash) and channels whose claim another alert holds, and the id of that alert; their messages are written as
   * suppressed.
   */
  | {
      readonly kind: 'admitted';
      readonly fresh: boolean;
      readonly muted: ReadonlyMap<string, string>;
      readonly otherContent?: OtherContent;
    }
  /** Other alerts hold the claims of its dedup key for all its phones and channels; `of` is the first of them. */
  | { readonly kind: 'duplicate'; readonly of: string }
  /** Its dedup key was resolved after it was raised. */
  | { readonly kind: 'resolved' }
  /** Its dedup key was acknowledged after it was raised. */
  | { readonly kind: 'acknowledged'; readonly by: string }
  /** It had its outcome before, in an earlier run, and that was not to text. */
  | { readonly kind: 'settled'; readonly otherContent?: OtherContent };

/** The id of a known alert came with a content that is not the alert's: for the first time, or once more. */
export type OtherContent = 'new' | 'known';

/** What a run needs to know of earlier runs of the same message. */
export interface History {
  readonly state: MessageState;
  readonly attempts: number;
  /** Attempts of which nobody knows whether they were sent. */
  readonly unknowns: number;
  /** The newest of those. */
  readonly doubtful: { readonly number: number; readonly record: ClosedAttempt['record'] } | undefined;
  readonly open: OpenAttempt | undefined;
  /** The one that tells of it. */
  readonly digest?: string;
  /** What it waited for last; absent where it has not waited. */
  readonly lastReason?: string | undefined;
}

export interface OpenAttempt {
  readonly token: string;
  readonly number: number;
  readonly record: HistoryAttempt;
  /** 0 or less: nobody holds it any more. */
  readonly leaseLeftMs: number;
}

export interface ClosedAttempt {
  readonly token: string;
  readonly number: number;
  readonly record: HistoryAttempt & { readonly result: 'accepted' | 'refused' | 'unknown' };
}

export interface AttemptRequest {
  readonly messageId: string;
  readonly dedupHash: string;
  /** Stands for the number. */
  readonly phoneHash: string;
  /** Further hashes that the phone's opt-out may be kept under. */
  readonly formerHashes?: readonly string[];
  readonly receivedAt: number;
  readonly token: string;
  readonly record: HistoryAttempt;
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
  | { readonly kind: Closure }
  /** Its phone has opted out. */
  | { readonly kind: 'opted_out' }
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
  /** Of a message that waits: what for. It stays readable after the wait, until a replay. */
  readonly lastReason?: string | undefined;
  readonly until?: Date | undefined;
  readonly accepted?: {
    readonly provider: string;
    readonly providerMessageId?: string | undefined;
    /** Of all parts of a long text, where the provider reports the delivery of each. */
    readonly partIds?: readonly string[] | undefined;
    readonly segments: number;
    readonly at: Date;
  };
  readonly events: readonly HistoryEvent[];
  /** Of a message that ends as unknown: what is needed to send it once more, until it is settled. */
  readonly keep?: string | undefined;
}

/**
 * `ended`: this run gave the message its outcome, so it is this run's to count. `again`: it ended one that had been
 * replayed, whose outcome was counted the first time. `late`: it settled an unknown one. `refuted`: its late answer shows
 * that an unknown one never was sent, and has failed. `missing`: the ledger has lost its entry, as after a FLUSHALL, and wrote
 * nothing; the run that asks is the only one that knows the step.
 */
export type Moved = 'ended' | 'again' | 'late' | 'refuted' | 'moved' | 'missing';

/** One request to a provider, as this process wrote it to the ledger. */
export interface Sent {
  readonly messageId: string;
  readonly token: string;
  readonly number: number;
  readonly record: HistoryAttempt;
  /** By the clock of Redis, ms. */
  readonly leaseUntil: number;
  /** How it ended; absent while the provider is being called. */
  readonly move?: Move;
}

/**
 * `there`: nothing was lost. `kept`: its message is missing too; the next run that wants to send it finds it. `doubled`: another
 * run has sent the message meanwhile, which its trace shows from now on.
 */
export type Restored = 'there' | 'kept' | 'restored' | 'doubled';

/** A failed or expired message that an operator sets on its way again. */
export interface Reopening {
  readonly messageId: string;
  readonly alertId: string;
  readonly dedupHash: string;
  /** In whose name its dedupe claim is: the phone's hash, or the lane of a message that was made for the simulator. */
  readonly lane: string;
  readonly severity: Severity;
  /** Of the alert, ms. */
  readonly receivedAt: number;
  /** How long its dedupe claim silences its equals from now on; 0: no dedupe. */
  readonly dedupeForMs: number;
  /** 1 for its first replay. The same replay may be told twice and happens once. */
  readonly number: number;
  readonly expiresAt: number;
  readonly event: HistoryEvent;
  /** Its job as JSON. */
  readonly content?: string;
}

/** `kept`: it is on its way, has another outcome, or this replay was told before. */
export type Reopened = 'reopened' | 'kept' | 'missing';

/** Why a message, or an alert, is not worth sending any more. */
export type Objection =
  | { readonly kind: Closure }
  /** Another alert, as grave or graver, holds the dedupe claim: its text is out or on its way. */
  | { readonly kind: 'duplicate'; readonly of: string };

/** The recipient and the origin of a message. */
export type Addressee = Pick<MessageRecord, 'phoneHash' | 'to' | 'createdAt' | 'alertId' | 'severity' | 'route' | 'source'>;

/** What a provider reports of one text. */
export interface ReportedReceipt {
  readonly provider: string;
  readonly providerMessageId?: string | undefined;
  readonly state: ReceiptWord;
  readonly receivedAt: Date;
  /** When it happened, where the provider says. */
  readonly at?: Date | undefined;
  /** Why it did not arrive. */
  readonly code?: string | undefined;
  readonly reason?: ProviderReason | undefined;
}

export type ReceiptMove =
  | { readonly kind: 'moved'; readonly from: MessageState; readonly to: MessageState; readonly acceptedAt: Date | undefined }
  /** The message stays what it is. */
  | { readonly kind: 'kept'; readonly as: KeptReceipt; readonly state: MessageState }
  | { readonly kind: 'missing' };

/** What we said, to whom, and what became of it. Every method rejects when Redis refuses, and then nothing was written. */
export interface Ledger {
  readonly codes: AckCodes;
  readonly resolveSubscribers: ResolveSubscribers;
  /** Somebody takes care of the alert: ends what is open of its dedup key. */
  readonly acknowledge: Acknowledge;
  /** Takes the dedupe claims and writes the alert with all its messages, or does neither. `run` names the caller's run. */
  admit(alert: RoutedAlert, run: string): Promise<Admission>;
  /** `recorded` for the one run that recorded the alert; `other_content` for a later one whose content is new to its id. */
  settleAlert(alert: SettledAlert, run: string): Promise<'recorded' | 'known' | 'other_content'>;
  recall(messageId: string): Promise<History | undefined>;
  openAttempt(request: AttemptRequest): Promise<Opened>;
  move(move: Move): Promise<Moved>;
  /** Writes down again, where it is missing, a request that the ledger confirmed before a failover. Idempotent. */
  restore(sent: Sent): Promise<{ readonly kind: Restored; readonly number: number }>;
  /** From `failed` or `expired` to `queued`, with its history. */
  reopen(reopening: Reopening): Promise<Reopened>;
  /** Asked before a replay; `undefined` when nothing speaks against it. */
  objection(
    replay: Pick<Reopening, 'alertId' | 'dedupHash' | 'lane' | 'severity' | 'receivedAt' | 'dedupeForMs'>,
  ): Promise<Objection | undefined>;
  /** Removes the outcome of an alert that expired before it was routed, so that a replay can give it another one. */
  reopenAlert(alertId: string): Promise<void>;
  /** Adds to the trace of a failed or expired message; to no other's. */
  note(messageId: string, event: HistoryEvent): Promise<void>;
  /** Marks a dedup key resolved as of `at`, and names the messages of it that have no outcome yet. */
  resolve(dedupHash: string, at: Date): Promise<string[]>;
  /** What has ended an alert of this dedup key since it was received (ms); asked before anybody is told of it. */
  closedBy(dedupHash: string, receivedAt: number): Promise<Closure | undefined>;
  /** Moves the message as `receipt-table.ts` has it. */
  applyReceipt(messageId: string, receipt: ReportedReceipt): Promise<ReceiptMove>;
  /** Whom a message is for; `undefined` where an older version wrote it. */
  addressee(messageId: string): Promise<Addressee | undefined>;
  /** Our id behind a provider's. */
  findMessage(provider: string, providerMessageId: string): Promise<string | undefined>;
  /** Messages without an outcome, all replicas together. */
  inFlight(): Promise<number>;
}
