import type { Purpose } from '../alert/alert.ts';
import type { OurReason } from '../alert/reason.ts';
import type { Severity } from '../alert/severity.ts';
import type { HistoryEvent } from './history/history.ts';

/** A message as the fields of its hash; the content of its job is kept while it is on its way. */
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

/** Length of a trace from which on it takes no further deferral, receipt or repeat. */
export const EVENTS_LENGTH = 30_000;

export function lines(events: readonly HistoryEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}

/** An alert that becomes no message. */
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
  /** Where it was traced. */
  readonly traceId?: string;
  /** Id of the alert that it repeats. */
  readonly duplicateOf?: string;
  /** Tells apart what two alerts of one id ask for; absent where it cannot be read. */
  readonly content?: string;
}

/** An alert that becomes messages. */
export interface RoutedAlert extends Omit<SettledAlert, 'outcome' | 'reason' | 'severity' | 'purpose'> {
  readonly severity: Severity;
  readonly purpose: Purpose;
  /** Stands for the dedup key in Redis key names. */
  readonly dedupHash: string;
  /** How long its claims silence its equals; 0: no dedupe. */
  readonly dedupeForMs: number;
  /** Names of the channels that its ladder notifies: each has a claim, as phones have. */
  readonly channels?: readonly string[];
  readonly messages: readonly MessageRecord[];
}

export interface MessageRecord {
  readonly id: string;
  readonly alertId: string;
  /** Masked: the whole number is in `content` alone. */
  readonly to: string;
  /** Stands for the number. */
  readonly phoneHash: string;
  /** Stands for the number in dedupe claims, where that is not its hash: a message that was made for the simulator. */
  readonly lane?: string;
  readonly contact: string | null;
  readonly severity: Severity;
  readonly route: string;
  /** Of its alert, as people are shown it. */
  readonly source?: string;
  readonly segments: number;
  /** What it says, where that is not the alert itself. */
  readonly says?: 'resolved' | 'acknowledged';
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly state: 'queued' | 'deferred' | 'suppressed';
  readonly reason: OurReason | 'escalation' | 'digest' | null;
  /** When a deferred one comes back. */
  readonly until: Date | null;
  readonly events: readonly HistoryEvent[];
  /** Its job as JSON, whole number and all: kept until it ends, so that a job that another client removes can be added again. */
  readonly content?: string;
}

/** The field of its dedupe claim. */
export function claimOf({ phoneHash, lane = phoneHash }: Pick<MessageRecord, 'phoneHash' | 'lane'>): string {
  return lane;
}

/** What never changes of an alert, as the ledger keeps it. */
export type AlertCard = Pick<SettledAlert, 'severity' | 'purpose' | 'status' | 'dedupKey' | 'receivedAt' | 'traceId'>;

/** What a producer writes down of an alert that no router has seen yet. */
export type Seen = Omit<AlertCard, 'purpose'>;
