import type { Purpose } from '../alert/purpose.ts';
import type { ProviderReason, Reason } from '../alert/reason.ts';
import type { Severity } from '../alert/severity.ts';
import type { NoticeOutcome } from '../ledger/notices.ts';
import type { Contribution } from '../limit/caps/cap-usage-statistics.ts';
import type { ProviderName } from '../provider/contract/provider.ts';
import type { EndReports } from './end-report.ts';
import type { DeferredReason } from './outcome.ts';

export const ALERT_OUTCOMES = ['routed', 'suppressed', 'malformed'] as const;
export type AlertOutcome = (typeof ALERT_OUTCOMES)[number];

/** States in which a message is counted, once, when it first reaches one. */
export const COUNTED_STATES = ['accepted', 'suppressed', 'expired', 'cancelled', 'unknown', 'failed'] as const;
export type CountedState = (typeof COUNTED_STATES)[number];

export const RESOLUTIONS = ['resent', 'held', 'confirmed_sent', 'confirmed_not_sent', 'receipt', 'operator'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

/**
 * Outcome of processing a delivery receipt. `early`: it arrived before the ledger stored the acceptance, and waits; it
 * is counted again afterwards. `late`: its message or attempt had ended otherwise. `duplicate`: it repeats a known
 * state. `reordered`: an older state than the known one. `unmatched`: not one of our messages. `forged`, `unreadable`:
 * rejected by the receiver.
 */
export const RECEIPT_STATES = [
  'delivered',
  'undelivered',
  'pending',
  'early',
  'late',
  'duplicate',
  'reordered',
  'unmatched',
  'forged',
  'unreadable',
] as const;
export type ReceiptState = (typeof RECEIPT_STATES)[number];

/**
 * Outcome of processing an inbound message. `unmatched`: neither STOP nor START, and no acknowledgement. `forged`,
 * `unreadable`: rejected by the receiver.
 */
export const INBOUND_KINDS = ['stop', 'start', 'acknowledged', 'unmatched', 'duplicate', 'forged', 'unreadable'] as const;
export type InboundKind = (typeof INBOUND_KINDS)[number];

/** How an alert was acknowledged. The command line is not scraped: its acknowledgements are only in the trace. */
export const ACKNOWLEDGED_BY = ['http', 'reply'] as const;
export type AcknowledgedBy = (typeof ACKNOWLEDGED_BY)[number];

/** Systems whose webhooks the receiver supports. */
export const WEBHOOKS = ['alertmanager', 'grafana', 'hertzbeat', 'cloudevents'] as const;
export type Webhook = (typeof WEBHOOKS)[number];

/**
 * Why an alert of a webhook call was rejected. `over_limit`: too many alerts in the call. `truncated`: omitted by the
 * sender. `call`: the whole call was rejected; counts as one.
 */
export const WEBHOOK_REFUSALS = ['not_an_alert', 'no_text', 'recipient', 'invalid', 'over_limit', 'truncated', 'call'] as const;
export type WebhookRefusal = (typeof WEBHOOK_REFUSALS)[number];

export type { Reason };

/** Reports events to metrics, and each end also to the log. Methods never throw and never block. */
export interface Observer extends EndReports {
  alertReceived(alert: { severity: Severity | 'unknown'; purpose: Purpose | 'unknown' }): void;
  alertSettled(alert: { outcome: AlertOutcome; reason: Reason }): void;
  /** An alert with the id of an earlier one and different content. */
  alertIdReused(): void;
  messagesCreated(severity: Severity, count: number): void;
  messageSettled(message: { state: CountedState; reason: Reason; severity: Severity }): void;
  deferred(reason: DeferredReason): void;
  /** A request to a provider ended. */
  providerRequest(request: {
    provider: ProviderName;
    result: 'accepted' | 'refused' | 'unknown';
    reason: ProviderReason | 'none';
    /** Absent for a call whose worker crashed. */
    seconds?: number;
  }): void;
  /** A provider refused with a code that is not in its table. */
  unlistedCode(provider: ProviderName): void;
  retried(provider: ProviderName, reason: ProviderReason): void;
  failedOver(from: ProviderName, to: ProviderName): void;
  unknownResolved(provider: ProviderName, resolution: Resolution): void;
  /** A provider accepted a message `seconds` after its alert was received. `cost` is in units of the configured currency. */
  accepted(message: { provider: ProviderName; severity: Severity; segments: number; seconds: number; at: Date; cost?: number }): void;
  /** Called with the origin of a message that was accepted, or held back by a cap or budget for the first time. */
  contributed(contribution: Contribution): void;
  /** An alert was acknowledged for the first time. */
  acknowledged(by: AcknowledgedBy): void;
  receipt(provider: ProviderName, state: ReceiptState): void;
  delivered(provider: ProviderName, secondsAfterAccepted: number): void;
  /** A notice to a channel ended. */
  noticeEnded(notice: { channel: string; result: NoticeOutcome }): void;
  inbound(provider: ProviderName, kind: InboundKind): void;
}

/**
 * Wraps an observer so that its exceptions are contained. A failing counter or logger must never affect a message: an
 * exception between a provider's response and the ledger would turn an accepted message into an unknown one.
 */
export function shieldObserver<O extends Observer>(observer: O, onError: (error: unknown) => void): O {
  return new Proxy(observer, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        try {
          return member.apply(target, args);
        } catch (error) {
          onError(error);
          return undefined;
        }
      };
    },
  });
}
