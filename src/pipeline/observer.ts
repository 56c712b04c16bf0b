import type { Purpose } from '../alert/alert.ts';
import type { ProviderReason, Reason } from '../alert/reason.ts';
import type { Severity } from '../alert/severity.ts';
import type { NoticeOutcome } from '../ledger/notices.ts';
import type { Contribution } from '../limit/caps/contributions.ts';
import type { ProviderName } from '../provider/contract/provider.ts';
import type { EndReports } from './end-report.ts';
import type { DeferredReason } from './outcome.ts';

export const ALERT_OUTCOMES = ['routed', 'suppressed', 'malformed'] as const;
export type AlertOutcome = (typeof ALERT_OUTCOMES)[number];

/** States that a message is counted in, once, when it first gets there. */
export const COUNTED_STATES = ['accepted', 'suppressed', 'expired', 'cancelled', 'unknown', 'failed'] as const;
export type CountedState = (typeof COUNTED_STATES)[number];

export const RESOLUTIONS = ['resent', 'held', 'confirmed_sent', 'confirmed_not_sent', 'receipt', 'operator'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

/**
 * What a delivery receipt turned out to be. `early`: it came before the ledger knew that its text was accepted, and waits;
 * later it is counted again by what it then is. `late`: its text, or its attempt, had ended otherwise. `duplicate`: it says
 * what was known. `reordered`: an older word than the one we have. `unmatched`: no text of ours. `forged`, `unreadable`:
 * turned away at the door.
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
 * What a text that came in turned out to be. `unmatched`: neither STOP nor START, and no acknowledgement of an alert.
 * `forged`, `unreadable`: turned away at the door.
 */
export const INBOUND_KINDS = ['stop', 'start', 'acknowledged', 'unmatched', 'duplicate', 'forged', 'unreadable'] as const;
export type InboundKind = (typeof INBOUND_KINDS)[number];

/** By which way an alert was acknowledged. Nobody scrapes the command line: what is typed there is in the trace only. */
export const ACKNOWLEDGED_BY = ['http', 'reply'] as const;
export type AcknowledgedBy = (typeof ACKNOWLEDGED_BY)[number];

/** Systems whose webhooks a receiver takes. */
export const WEBHOOKS = ['alertmanager', 'grafana', 'hertzbeat', 'cloudevents'] as const;
export type Webhook = (typeof WEBHOOKS)[number];

/**
 * Why an alert of a webhook's call was not taken. `over_limit`: the call held too many. `truncated`: its sender left it out.
 * `call`: the call as a whole was refused; it counts as one.
 */
export const WEBHOOK_REFUSALS = ['not_an_alert', 'no_text', 'recipient', 'invalid', 'over_limit', 'truncated', 'call'] as const;
export type WebhookRefusal = (typeof WEBHOOK_REFUSALS)[number];

export type { Reason };

/** What happens, reported once to what counts it, and each end besides to what logs it. Methods never throw and never wait. */
export interface Observer extends EndReports {
  alertReceived(alert: { severity: Severity | 'unknown'; purpose: Purpose | 'unknown' }): void;
  alertSettled(alert: { outcome: AlertOutcome; reason: Reason }): void;
  /** An alert with other content came with the id of an earlier one. */
  alertIdReused(): void;
  messagesCreated(severity: Severity, count: number): void;
  messageSettled(message: { state: CountedState; reason: Reason; severity: Severity }): void;
  deferred(reason: DeferredReason): void;
  /** One request to a provider has ended. */
  providerRequest(request: {
    provider: ProviderName;
    result: 'accepted' | 'refused' | 'unknown';
    reason: ProviderReason | 'none';
    /** Absent for a call whose worker died over it. */
    seconds?: number;
  }): void;
  /** A provider refused with a code that its table does not hold. */
  unlistedCode(provider: ProviderName): void;
  retried(provider: ProviderName, reason: ProviderReason): void;
  failedOver(from: ProviderName, to: ProviderName): void;
  unknownResolved(provider: ProviderName, resolution: Resolution): void;
  /** A provider accepted a text `seconds` after its alert was raised with us. `cost` is in units of the configured currency. */
  accepted(message: { provider: ProviderName; severity: Severity; segments: number; seconds: number; at: Date; cost?: number }): void;
  /** A message was accepted, or a cap or a budget held it back for the first time: who caused it. */
  contributed(contribution: Contribution): void;
  /** Somebody takes care of an alert, for the first time. */
  acknowledged(by: AcknowledgedBy): void;
  receipt(provider: ProviderName, state: ReceiptState): void;
  delivered(provider: ProviderName, secondsAfterAccepted: number): void;
  /** A notice to a channel has come to its end. */
  noticeEnded(notice: { channel: string; result: NoticeOutcome }): void;
  inbound(provider: ProviderName, kind: InboundKind): void;
}

/**
 * The same observer, whose exceptions stay its own. A counter or logger that fails must never change what becomes of a
 * message: an exception between a provider's answer and the ledger would turn an accepted send into an unknown one.
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
