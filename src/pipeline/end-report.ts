import type { Reason } from '../alert/reason.ts';
import type { CapSize, MessageState } from '../ledger/history/trace.ts';
import type { Message } from './message.ts';
import { type Decided, effectOf, type HeldBack, type Outcome } from './outcome.ts';

/** States in which a message has ended, or waits. */
export type ReportedState = Exclude<MessageState, 'queued' | 'sending' | 'delivered'>;

/** Where a message, or the alert of it, comes from. */
export interface Origin {
  readonly alertId: string;
  readonly severity: string;
  /** Absent for an alert that could not be read. */
  readonly route?: string | undefined;
  /** As people are shown it. */
  readonly source?: string | undefined;
}

/** A message has come to an end, or waits. No phone number is in it. */
export interface MessageReport extends Origin {
  readonly messageId: string;
  readonly state: ReportedState;
  /** Absent where the state has none. */
  readonly reason?: string | undefined;
  /** Of an expired one: what it waited for last; of a deferred one, the provider's own reason behind an open circuit. */
  readonly lastReason?: string | undefined;
  readonly provider?: string | undefined;
  /** The vendor's. */
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
  readonly until?: Date | undefined;
  /** It waits for the same reason as before. */
  readonly again?: boolean;
}

export interface AlertReport extends Origin {
  readonly outcome: 'suppressed' | 'malformed';
  readonly reason: Reason;
  readonly detail?: string | undefined;
}

/** A cap or a budget holds a message back. */
export interface LimitReport extends Origin {
  readonly messageId: string;
  readonly reason: HeldBack['reason'];
  readonly cap?: CapSize | undefined;
  /** Names the limit, without a number in it: the same for all messages that it holds back. */
  readonly limit: string;
  /** When there is room again, where that is known. */
  readonly until?: Date | undefined;
}

/** Reports what a person may look for in the log. Methods never throw and never wait. */
export interface EndReports {
  messageEnded(report: MessageReport): void;
  alertEnded(report: AlertReport): void;
  /** Called for each message that a limit holds back; the receiver says it once. */
  limitReached(report: LimitReport): void;
}

export const originOf = ({ alertId, severity, route, source }: Message): Origin => ({ alertId, severity, route, source });

/** What is reported of a step of the dispatcher: that the message has ended, or waits. */
export function reportOf(outcome: Decided, message: Message, waitedFor: string | undefined): MessageReport {
  const { state, reason, until, waitsFor } = effectOf(outcome);
  const lastReason = outcome.kind === 'expired' ? outcome.last : outcome.kind === 'retry' ? waitsFor : undefined;
  return {
    messageId: message.id,
    ...originOf(message),
    state,
    reason: reason === 'none' ? undefined : reason,
    lastReason,
    provider: 'provider' in outcome ? outcome.provider : undefined,
    code: outcome.attempt?.record.code,
    detail: 'detail' in outcome ? outcome.detail : undefined,
    until,
    ...(waitsFor === undefined ? {} : { again: waitsFor === waitedFor }),
  };
}

/** The limit that holds a message back, where one does. */
export function limitOf(outcome: Outcome, message: Message): LimitReport | undefined {
  const held: HeldBack | undefined =
    outcome.kind === 'suppressed' ? outcome.held : outcome.kind === 'deferred' ? heldBy(outcome) : undefined;
  if (held === undefined || held.reason === 'quiet_hours') return undefined;
  const { reason, cap } = held;
  const until = outcome.kind === 'deferred' ? outcome.until : undefined;
  const size = cap === undefined ? '' : `${cap.max} ${cap.windowMs}`;
  return { messageId: message.id, ...originOf(message), reason, cap, until, limit: `${reason} ${OWNERS[reason]?.(message) ?? ''} ${size}` };
}

function heldBy({ reason, cap }: Extract<Outcome, { kind: 'deferred' }>): HeldBack | undefined {
  return reason === 'budget' || cap !== undefined ? { reason: reason as HeldBack['reason'], cap } : undefined;
}

/** Whose limit it is, where it is not everyone's. */
const OWNERS: Readonly<Partial<Record<HeldBack['reason'], (message: Message) => string | undefined>>> = {
  rate_cap_recipient: ({ phoneHash }) => phoneHash,
  rate_cap_source: ({ sourceHash }) => sourceHash,
  rate_cap_route: ({ route }) => route,
};
