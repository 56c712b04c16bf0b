import type { Purpose } from '../alert/purpose.ts';
import type { OurReason } from '../alert/reason.ts';
import type { Severity } from '../alert/severity.ts';
import type { HistoryEvent } from './history/history.ts';

/** Fields of a message's hash; its job data is kept while it is in progress. */
export function messageFields({ state, reason, until, events, content, ...card }: MessageRecord): Record<string, string> {
  return {
    card: JSON.stringify(card),
    state,
    ...(content === undefined || state === 'suppressed' ? {} : { job: content }),
    ...(reason === null ? {} : { reason }),
    ...(state === 'deferred' && reason !== null ? { lastReason: reason } : {}),
    ...(until === null ? {} : { until: until.toISOString() }),
    events: lines(events),
  };
}

/** Length of a history from which on it takes no further deferral, receipt or repeat. */
export const EVENTS_LENGTH = 30_000;

export function lines(events: readonly HistoryEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}

/** An alert without messages. */
export interface SettledAlert {
  readonly id: string;
  readonly severity: Severity | 'unknown';
  readonly purpose: Purpose | 'unknown';
  readonly status: string;
  readonly dedupKey: string | null;
  readonly receivedAt: number;
  readonly outcome: 'suppressed' | 'malformed';
  readonly reason: OurReason;
  readonly events: readonly HistoryEvent[];
  /** Its trace id. */
  readonly traceId?: string;
  /** Id of the alert that it repeats. */
  readonly duplicateOf?: string;
  /** Hash that distinguishes the contents of two alerts with one id; absent if the content cannot be read. */
  readonly content?: string;
}

/** An alert with messages. */
export interface RoutedAlert extends Omit<SettledAlert, 'outcome' | 'reason' | 'severity' | 'purpose'> {
  readonly severity: Severity;
  readonly purpose: Purpose;
  /** Hash of the dedup key, for Redis key names. */
  readonly dedupHash: string;
  /** Duration of its dedupe claims; 0: no dedupe. */
  readonly dedupeForMs: number;
  /** Names of the channels that its ladder notifies: each has a claim, like a phone. */
  readonly channels?: readonly string[];
  readonly messages: readonly MessageRecord[];
}

export interface MessageRecord {
  readonly id: string;
  readonly alertId: string;
  /** Masked number; only `content` has the full number. */
  readonly to: string;
  /** Hash of the phone number. */
  readonly phoneHash: string;
  /** Replaces the hash in dedupe claims for a message to the simulator. */
  readonly lane?: string;
  readonly contact: string | null;
  readonly severity: Severity;
  readonly route: string;
  /** Source of its alert, as displayed. */
  readonly source?: string;
  readonly segments: number;
  /** What the message reports, where that is not the alert itself. */
  readonly says?: 'resolved' | 'acknowledged';
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly state: 'queued' | 'deferred' | 'suppressed';
  readonly reason: OurReason | 'escalation' | 'digest' | null;
  /** When a deferred one is due again. */
  readonly until: Date | null;
  readonly events: readonly HistoryEvent[];
  /** Its job as JSON, with the full number: kept until it ends, so that a job removed by another client can be added again. */
  readonly content?: string;
}

/** The field of its dedupe claim. */
export function claimOf({ phoneHash, lane = phoneHash }: Pick<MessageRecord, 'phoneHash' | 'lane'>): string {
  return lane;
}

/** The immutable fields of an alert in the ledger. */
export type AlertCard = Pick<SettledAlert, 'severity' | 'purpose' | 'status' | 'dedupKey' | 'receivedAt' | 'traceId'>;

/** What a producer stores for an alert that no router has seen yet. */
export type Seen = Omit<AlertCard, 'purpose'>;
