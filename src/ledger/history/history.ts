import type { OurReason } from '../../alert/reason.ts';
import type { Severity } from '../../alert/severity.ts';

/** All states of a message. The first four are in progress; the rest are end states, some of which a receipt can still change. */
export const MESSAGE_STATES = [
  'queued',
  'deferred',
  'sending',
  'accepted',
  'delivered',
  'undelivered',
  'unknown',
  'suppressed',
  'expired',
  'cancelled',
  'failed',
] as const;
export type MessageState = (typeof MESSAGE_STATES)[number];

/** States without an outcome. */
export const IN_FLIGHT = ['queued', 'deferred', 'sending'] as const satisfies readonly MessageState[];
const onItsWay: readonly MessageState[] = IN_FLIGHT;

/** Whether the state is without an outcome. */
export function isInFlight(state: MessageState): boolean {
  return onItsWay.includes(state);
}

/** How much a rate cap allows. */
export interface CapSize {
  readonly max: number;
  readonly windowMs: number;
}

/** Reasons of rate caps, a subset of all our reasons. */
export type CapReason = Extract<OurReason, `rate_cap_${string}`>;

/** The messages that filled the cap that held a message back. */
export interface CapFilling {
  readonly reason: CapReason;
  readonly cap: CapSize;
  /** Contributors, largest first. */
  readonly by: readonly FilledBy[];
  /** Messages found: fewer than the cap allows if the journal does not reach back far enough, or if the cap counts segments. */
  readonly count: number;
}

export interface FilledBy {
  readonly source: string | null;
  readonly route: string;
  readonly contact: string | null;
  readonly count: number;
}

/** One decision in the history that `explain` shows. Times are ISO 8601. */
export interface HistoryEvent {
  readonly at: string;
  readonly stage: string;
  readonly verdict: string;
  readonly reason?: string;
  readonly until?: string;
  /** What held back a message that goes into a digest. */
  readonly heldBy?: string;
  /** The cap that was full: messages or segments per window, in ms. */
  readonly cap?: CapSize;
  /** Free text for people, without phone numbers and secrets. */
  readonly detail?: string;
}

/** One HTTP request to a provider. `result` is absent while it is open. */
export interface HistoryAttempt {
  readonly provider: string;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly result?: 'accepted' | 'refused' | 'unknown';
  readonly reason?: string;
  readonly code?: string;
  readonly status?: number;
  /** Later resolution of an unknown outcome, by the vendor or an operator. */
  readonly resolution?: 'confirmed_sent' | 'confirmed_not_sent';
  /** Trace id in the tracing backend, 32 hex digits; only where requests are traced. */
  readonly traceId?: string;
  /** Set if the provider is simulated and reaches no phone. */
  readonly simulated?: true;
}

/** Whether the attempt may have sent a message and its outcome is unresolved. */
export function isUnresolved({ result, resolution }: HistoryAttempt): boolean {
  return result === 'unknown' && resolution === undefined;
}

export interface MessageHistory {
  readonly id: string;
  readonly alertId: string;
  /** Masked phone number. */
  readonly to: string;
  readonly contact: string | null;
  readonly severity: Severity;
  readonly route: string;
  /** Source of its alert, as displayed. */
  readonly source?: string;
  /** `resolved`: reports the end of the problem to a phone that got another message. `acknowledged`: confirms a reply. */
  readonly says?: 'resolved' | 'acknowledged';
  readonly state: MessageState;
  readonly reason: string | null;
  /** What a waiting or expired message waited for last; the provider's own reason where its circuit is open. */
  readonly lastReason?: string;
  /** When a deferred message is due again. */
  readonly until: string | null;
  /** The paused queue on which it waits. */
  readonly pausedQueue?: string;
  readonly provider: string | null;
  readonly providerMessageId: string | null;
  /** Set if its provider is simulated and no phone got a message. */
  readonly simulated?: true;
  readonly segments: number;
  /** Id of the digest that contains it. */
  readonly digest?: string;
  /** Id of the alert with the same text for this phone. */
  readonly duplicateOf?: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly attempts: readonly HistoryAttempt[];
  readonly events: readonly HistoryEvent[];
}

export interface AlertHistory {
  readonly id: string;
  readonly severity: string;
  readonly status: string;
  readonly dedupKey: string | null;
  readonly receivedAt: string;
  readonly outcome: 'pending' | 'routed' | 'suppressed' | 'malformed';
  readonly reason: string | null;
  /** Trace id in the tracing backend, 32 hex digits; only where it was traced. */
  readonly traceId?: string;
  /** Id of the alert that it repeats. */
  readonly duplicateOf?: string;
  /** The paused queue on which it waits. */
  readonly pausedQueue?: string;
  readonly events: readonly HistoryEvent[];
  readonly messages: readonly MessageHistory[];
}

/** Reads histories; `undefined` for an id that is unknown or past its retention. */
export interface Histories {
  alert(id: string): Promise<AlertHistory | undefined>;
  message(id: string): Promise<MessageHistory | undefined>;
}

/** Also reads which messages filled the cap that held one back; `undefined` where no cap did. */
export interface StoryHistories extends Histories {
  capFilling(message: MessageHistory): Promise<CapFilling | undefined>;
}
