import type { ProviderReason } from '../alert/reason.ts';
import type { Severity } from '../alert/severity.ts';
import type { ScriptStep } from '../redis/lua-text.ts';
import type { AckCodes, Acknowledge } from './acknowledge/acknowledge.ts';
import type { Closure } from './acknowledge/closure-script.ts';
import type { HistoryAttempt, HistoryEvent, MessageState } from './history/history.ts';
import type { KeptReceipt, ReceiptWord } from './receipt/receipt-table.ts';
import type { MessageRecord, RoutedAlert, SettledAlert } from './records.ts';
import type { ResolveSubscribers } from './resolved/resolve-subscribers.ts';

/** Result of admitting an alert that has recipients. */
export type Admission =
  /**
   * Admitted: the alert and its messages are written. `fresh` is true for the one run that wrote them, which counts its
   * messages. `muted`: phones (by hash) and channels whose claim another alert holds, with that alert's id; their
   * messages are written as suppressed.
   */
  | {
      readonly kind: 'admitted';
      readonly fresh: boolean;
      readonly muted: ReadonlyMap<string, string>;
      readonly otherContent?: OtherContent;
    }
  /** Other alerts hold the claims of its dedup key for all its phones and channels; `of` is the first of them. */
  | { readonly kind: 'duplicate'; readonly of: string }
  /** Its dedup key was resolved after the alert was raised. */
  | { readonly kind: 'resolved' }
  /** Its dedup key was acknowledged after the alert was raised. */
  | { readonly kind: 'acknowledged'; readonly by: string }
  /** An earlier run already recorded its outcome, without messages. */
  | { readonly kind: 'settled'; readonly otherContent?: OtherContent };

/** A known alert id arrived with different content: `new` the first time, `known` when repeated. */
export type OtherContent = 'new' | 'known';

/** What a run needs to know of earlier runs of the same message. */
export interface History {
  readonly state: MessageState;
  readonly attempts: number;
  /** Number of attempts with unknown outcome. */
  readonly unknowns: number;
  /** The newest attempt with unknown outcome. */
  readonly unresolvedAttempt: { readonly number: number; readonly record: ClosedAttempt['record'] } | undefined;
  readonly open: OpenAttempt | undefined;
  /** Id of the digest that contains it. */
  readonly digest?: string;
  /** What it waited for last; absent if it has not waited. */
  readonly lastReason?: string | undefined;
}

export interface OpenAttempt {
  readonly token: string;
  readonly number: number;
  readonly record: HistoryAttempt;
  /** Remaining lease; 0 or less: the lease has expired. */
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
  /** Hash of the phone number. */
  readonly phoneHash: string;
  /** Further hashes under which the phone's opt-out may be stored. */
  readonly formerHashes?: readonly string[];
  readonly receivedAt: number;
  readonly token: string;
  readonly record: HistoryAttempt;
  readonly leaseMs: number;
  /** Number of earlier attempts with unknown outcome that are allowed: 0 for a first send, 1 for the one resend. */
  readonly unknownsAllowed: number;
}

export type Opened =
  | { readonly kind: 'opened'; readonly number: number }
  | { readonly kind: 'ended'; readonly state: MessageState }
  | { readonly kind: 'busy'; readonly until: Date }
  /** An attempt is open and its lease has expired. */
  | { readonly kind: 'orphan' }
  | { readonly kind: Closure }
  /** Its phone has opted out. */
  | { readonly kind: 'opted_out' }
  /** Its only resend has been used. */
  | { readonly kind: 'spent' }
  | { readonly kind: 'missing' };

/** An alert with one message, and the attempt to open for it. */
export interface BeginRequest {
  readonly alert: RoutedAlert;
  /** Identifies the caller's run. */
  readonly run: string;
  /** A step that returns the word `unrestricted` when the attempt may be made now. */
  readonly gate: ScriptStep;
  /** The step that reserves its slot in the rate caps; it returns the word `held` when there is room. Absent: no caps. */
  readonly slot?: ScriptStep | undefined;
  readonly attempt: AttemptRequest;
  /** A further step, made when the attempt was opened. */
  readonly onOpened?: ScriptStep | undefined;
}

/** `opened` is absent where no attempt was made to open one: the alert was not new, the caps are full, or a failover lost requests. */
export interface Begun {
  readonly admission: Admission;
  readonly opened?: Opened;
}

/** A step of a message: closes an attempt, changes the state, or both. */
export interface Move {
  readonly messageId: string;
  readonly alertId: string;
  readonly dedupHash: string;
  /** The run that makes the step; repeated by the same run, it returns the same result. */
  readonly run: string;
  readonly state: MessageState;
  readonly attempt?: ClosedAttempt | undefined;
  readonly reason?: string | undefined;
  /** Reason why a message waits. It stays readable after the wait, until a replay. */
  readonly lastReason?: string | undefined;
  readonly until?: Date | undefined;
  readonly accepted?: {
    readonly provider: string;
    readonly providerMessageId?: string | undefined;
    /** Provider ids of all parts of a long text, where the provider reports the delivery of each part. */
    readonly partIds?: readonly string[] | undefined;
    readonly segments: number;
    readonly at: Date;
  };
  readonly events: readonly HistoryEvent[];
  /** Data to send a message of unknown outcome again; kept until it is resolved. */
  readonly keep?: string | undefined;
}

/**
 * Result of a move.
 * - `ended`: this run gave the message its outcome and counts it.
 * - `again`: it ended a replayed message, whose outcome was already counted.
 * - `late`: it resolved an unknown outcome.
 * - `disproved`: its late answer shows that a message of unknown outcome was never sent; it has failed.
 * - `missing`: the ledger has lost the entry, as after a FLUSHALL, and wrote nothing; only the calling run knows the
 * step.
 */
export type Moved = 'ended' | 'again' | 'late' | 'disproved' | 'moved' | 'missing';

/** One request to a provider, as this process wrote it to the ledger. */
export interface Sent {
  readonly messageId: string;
  readonly token: string;
  readonly number: number;
  readonly record: HistoryAttempt;
  /** End of the lease by the Redis clock, ms. */
  readonly leaseUntil: number;
  /** The step that ended it; absent while the provider is being called. */
  readonly move?: Move;
}

/**
 * Result of a restore. `there`: nothing was lost. `kept`: the message is missing too; the next run that wants to send
 * it finds the request. `doubled`: another run has sent the message meanwhile, which its history shows.
 */
export type Restored = 'there' | 'kept' | 'restored' | 'doubled';

/** The replay of a failed or expired message by an operator. */
export interface Reopening {
  readonly messageId: string;
  readonly alertId: string;
  readonly dedupHash: string;
  /** Field of its dedupe claim: the phone's hash, or the lane of a message for the simulator. */
  readonly lane: string;
  readonly severity: Severity;
  /** When the alert was received, ms. */
  readonly receivedAt: number;
  /** Duration of its dedupe claim from now on; 0: no dedupe. */
  readonly dedupeForMs: number;
  /** Number of the replay, from 1. Repeating the same number has no effect. */
  readonly number: number;
  readonly expiresAt: number;
  readonly event: HistoryEvent;
  /** Its job as JSON. */
  readonly content?: string;
}

/** `kept`: the message is in progress, has another outcome, or this replay was already applied. */
export type Reopened = 'reopened' | 'kept' | 'missing';

/** Why a message or an alert should no longer be sent. */
export type Objection =
  | { readonly kind: Closure }
  /** Another alert of at least the same severity holds the dedupe claim: its message was sent or is in progress. */
  | { readonly kind: 'duplicate'; readonly of: string };

/** The recipient and the origin of a message. */
export type Addressee = Pick<MessageRecord, 'phoneHash' | 'to' | 'createdAt' | 'alertId' | 'severity' | 'route' | 'source'>;

/** A provider's report on one message. */
export interface ReportedReceipt {
  readonly provider: string;
  readonly providerMessageId?: string | undefined;
  readonly state: ReceiptWord;
  readonly receivedAt: Date;
  /** When it happened, if the provider reports it. */
  readonly at?: Date | undefined;
  /** Why it was not delivered. */
  readonly code?: string | undefined;
  readonly reason?: ProviderReason | undefined;
}

export type ReceiptMove =
  | { readonly kind: 'moved'; readonly from: MessageState; readonly to: MessageState; readonly acceptedAt: Date | undefined }
  /** The state of the message does not change. */
  | { readonly kind: 'kept'; readonly as: KeptReceipt; readonly state: MessageState }
  | { readonly kind: 'missing' };

/** Record of every alert and message and its outcome. Every method rejects when Redis fails, and then nothing was written. */
export interface Ledger {
  readonly codes: AckCodes;
  readonly resolveSubscribers: ResolveSubscribers;
  /** Acknowledges an alert: ends the open messages of its dedup key. */
  readonly acknowledge: Acknowledge;
  /** Takes the dedupe claims and writes the alert with all its messages, or does neither. `run` identifies the caller's run. */
  admit(alert: RoutedAlert, run: string): Promise<Admission>;
  /** `recorded` for the one run that recorded the alert; `other_content` for a later one whose content is new for that id. */
  settleAlert(alert: SettledAlert, run: string): Promise<'recorded' | 'known' | 'other_content'>;
  recall(messageId: string): Promise<History | undefined>;
  openAttempt(request: AttemptRequest): Promise<Opened>;
  /** Admits an alert and opens the first attempt of its only message, in one step. */
  begin(request: BeginRequest): Promise<Begun>;
  /** @param slot a step of the rate cap, made together with the move */
  move(move: Move, slot?: ScriptStep): Promise<Moved>;
  /** Writes a request again that the ledger confirmed before a failover and no longer has. Idempotent. */
  restore(sent: Sent): Promise<{ readonly kind: Restored; readonly number: number }>;
  /** Moves a message from `failed` or `expired` to `queued`; its history stays. */
  reopen(reopening: Reopening): Promise<Reopened>;
  /** Checks a replay; `undefined` if there is no objection. */
  objection(
    replay: Pick<Reopening, 'alertId' | 'dedupHash' | 'lane' | 'severity' | 'receivedAt' | 'dedupeForMs'>,
  ): Promise<Objection | undefined>;
  /** Removes the outcome of an alert that expired before it was routed, so that a replay can give it another one. */
  reopenAlert(alertId: string): Promise<void>;
  /** Adds an event to the history of a failed or expired message; has no effect on others. */
  note(messageId: string, event: HistoryEvent): Promise<void>;
  /** Marks a dedup key as resolved at `at` and returns the ids of its messages that have no outcome yet. */
  resolve(dedupHash: string, at: Date): Promise<string[]>;
  /** What closed an alert of this dedup key since it was received (ms); checked before a notification is sent. */
  closedBy(dedupHash: string, receivedAt: number): Promise<Closure | undefined>;
  /** Changes the state of the message according to `receipt-table.ts`. */
  applyReceipt(messageId: string, receipt: ReportedReceipt): Promise<ReceiptMove>;
  /** Recipient and origin of a message; `undefined` if an older version wrote it. */
  addressee(messageId: string): Promise<Addressee | undefined>;
  /** Our message id for a provider's message id. */
  findMessage(provider: string, providerMessageId: string): Promise<string | undefined>;
  /** Number of messages without an outcome, over all replicas. */
  inFlight(): Promise<number>;
}
