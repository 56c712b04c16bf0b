import type { OurReason } from '../../alert/reason.ts';
import type { Severity } from '../../alert/severity.ts';

/** Everything a message can be. The first four are on the way; the rest are ends, of which receipts may move some on. */
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

/** It has no outcome yet in these. */
export const IN_FLIGHT = ['queued', 'deferred', 'sending'] as const satisfies readonly MessageState[];
const onItsWay: readonly MessageState[] = IN_FLIGHT;

/** It has no outcome yet. */
export function isInFlight(state: MessageState): boolean {
  return onItsWay.includes(state);
}

/** How much a rate cap allows. */
export interface CapSize {
  readonly max: number;
  readonly windowMs: number;
}

/** The reasons of rate caps, among all of ours. */
export type CapReason = Extract<OurReason, `rate_cap_${string}`>;

/** The messages that filled the cap which held a message back. */
export interface CapFilling {
  readonly reason: CapReason;
  readonly cap: CapSize;
  /** Most first. */
  readonly by: readonly FilledBy[];
  /** Messages found; fewer than the cap allows where the journal no longer reaches back, or where segments are counted. */
  readonly count: number;
}

export interface FilledBy {
  readonly source: string | null;
  readonly route: string;
  readonly contact: string | null;
  readonly count: number;
}

/** One decision, as `explain` tells it. Times are ISO 8601. */
export interface HistoryEvent {
  readonly at: string;
  readonly stage: string;
  readonly verdict: string;
  readonly reason?: string;
  readonly until?: string;
  /** Of a message that goes into a digest: what held it back. */
  readonly heldBy?: string;
  /** The cap that was full: so many messages, or segments, in so many ms. */
  readonly cap?: CapSize;
  /** Free words for a person, without phone numbers and secrets. */
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
  /** Of an unknown one: what the vendor, or an operator, has said since. */
  readonly resolution?: 'confirmed_sent' | 'confirmed_not_sent';
  /** In the tracing backend, where requests are traced: 32 hex digits. */
  readonly traceId?: string;
  /** The provider is simulated: no phone is reached by it. */
  readonly simulated?: true;
}

/** Whether the attempt may have put a text on its way of which nobody knows. */
export function isDoubtful({ result, resolution }: HistoryAttempt): boolean {
  return result === 'unknown' && resolution === undefined;
}

export interface MessageHistory {
  readonly id: string;
  readonly alertId: string;
  /** Masked. */
  readonly to: string;
  readonly contact: string | null;
  readonly severity: Severity;
  readonly route: string;
  /** Of its alert, as people are shown it. */
  readonly source?: string;
  /** `resolved`: it says that the problem is over, to a phone that another message was sent to. `acknowledged`: it confirms a reply. */
  readonly says?: 'resolved' | 'acknowledged';
  readonly state: MessageState;
  readonly reason: string | null;
  /** What a message that waits, or expired, waited for last; where a provider's circuit is open, the provider's own reason. */
  readonly lastReason?: string;
  /** When a deferred message comes back. */
  readonly until: string | null;
  /** It waits on this queue, which somebody has paused. */
  readonly pausedQueue?: string;
  readonly provider: string | null;
  readonly providerMessageId: string | null;
  /** Its provider is simulated: no phone was texted. */
  readonly simulated?: true;
  readonly segments: number;
  /** Id of the digest that tells of it. */
  readonly digest?: string;
  /** Id of the alert that had the same words for this phone. */
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
  /** In the tracing backend, where it was traced: 32 hex digits. */
  readonly traceId?: string;
  /** Id of the alert that it repeats. */
  readonly duplicateOf?: string;
  /** It waits on this queue, which somebody has paused. */
  readonly pausedQueue?: string;
  readonly events: readonly HistoryEvent[];
  readonly messages: readonly MessageHistory[];
}

/** Reads what became of things; `undefined` for an id never seen or past its time. */
export interface Histories {
  alert(id: string): Promise<AlertHistory | undefined>;
  message(id: string): Promise<MessageHistory | undefined>;
}

/** Also says which messages filled the cap that held one back; `undefined` where none did. */
export interface StoryHistories extends Histories {
  capFilling(message: MessageHistory): Promise<CapFilling | undefined>;
}
