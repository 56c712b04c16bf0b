import type { Reason } from '../alert/reason.ts';
import type { CapSize, MessageState } from '../ledger/history/history.ts';
import type { Message } from './message.ts';
import { type Decided, effectOf, type HeldBack, type Outcome } from './outcome.ts';

/** Final states of a message, and `deferred`. */
export type ReportedState = Exclude<MessageState, 'queued' | 'sending' | 'delivered'>;

/** Origin of a message or its alert. */
export interface Origin {
  readonly alertId: string;
  readonly severity: string;
  /** Absent for an alert that could not be parsed. */
  readonly route?: string | undefined;
  /** Display form of the source. */
  readonly source?: string | undefined;
}

/** A message has ended or was deferred. Contains no phone number. */
export interface MessageReport extends Origin {
  readonly messageId: string;
  readonly state: ReportedState;
  /** Absent when the state has no reason. */
  readonly reason?: string | undefined;
  /** For `expired`: the last reason it waited for. For `deferred` with an open circuit: the provider's own reason. */
  readonly lastReason?: string | undefined;
  readonly provider?: string | undefined;
  /** Code of the vendor. */
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

/** A cap or budget holds a message back. */
export interface LimitReport extends Origin {
  readonly messageId: string;
  readonly reason: HeldBack['reason'];
  readonly cap?: CapSize | undefined;
  /** Identifies the limit, without numbers; the same for all messages that it holds back. */
  readonly limit: string;
  /** When the limit has capacity again, if known. */
  readonly until?: Date | undefined;
}

/** Reports events for the log. Methods never throw and never block. */
export interface EndReports {
  messageEnded(report: MessageReport): void;
  alertEnded(report: AlertReport): void;
  /** Called for each message that a limit holds back; the receiver logs it once. */
  limitReached(report: LimitReport): void;
}

export const originOf = ({ alertId, severity, route, source }: Message): Origin => ({ alertId, severity, route, source });

/** Builds the report of a dispatcher run: the message has ended or was deferred. */
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

/** Returns the limit that holds a message back, if any. */
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

/** Owner of a limit that is not global. */
const OWNERS: Readonly<Partial<Record<HeldBack['reason'], (message: Message) => string | undefined>>> = {
  rate_cap_recipient: ({ phoneHash }) => phoneHash,
  rate_cap_source: ({ sourceHash }) => sourceHash,
  rate_cap_route: ({ route }) => route,
};
