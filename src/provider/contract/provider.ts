import type { E164 } from '../../alert/phone/phone.ts';
import type { SegmentRule } from '../../alert/segments.ts';
import type { Clock } from '../../clock.ts';
import type { Outbox } from '../simulated/outbox.ts';
import type { Templates } from '../template/template.ts';
import { ProviderError, type ProviderReason, type Refused } from './provider-error.ts';

const CHECK_SUBJECTS = ['connection', 'credentials', 'account', 'balance', 'sender', 'template', 'clock'] as const;
export type CheckSubject = (typeof CHECK_SUBJECTS)[number];

/** One result of `providers check`. */
export interface Check {
  readonly subject: CheckSubject;
  /** `unchecked`: the vendor offers no way to verify it without sending a message. */
  readonly verdict: 'ok' | 'warning' | 'failed' | 'unchecked';
  /** What was found and what to do. Contains no secrets and no phone numbers. */
  readonly detail: string;
}

/** Vendors reject signatures with a skew of five minutes or more. */
const SKEW_WARNING_MS = 60_000;
const SKEW_FAILURE_MS = 4 * 60_000;

/** Compares our clock with the `Date` header of a response: https://www.rfc-editor.org/rfc/rfc9110#field.date */
export function checkClock(dateHeader: string | undefined, now: Date): Check {
  const theirs = dateHeader === undefined ? Number.NaN : Date.parse(dateHeader);
  if (Number.isNaN(theirs)) return { subject: 'clock', verdict: 'unchecked', detail: 'the response has no date' };
  const skewMs = now.getTime() - theirs;
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const words = `this clock is ${seconds} s ${skewMs < 0 ? 'behind' : 'ahead of'} the vendor's`;
  if (Math.abs(skewMs) >= SKEW_FAILURE_MS)
    return { subject: 'clock', verdict: 'failed', detail: `${words}: signatures will be rejected; synchronise it, preferably by NTP` };
  if (Math.abs(skewMs) >= SKEW_WARNING_MS)
    return { subject: 'clock', verdict: 'warning', detail: `${words}: synchronise it, preferably by NTP` };
  return { subject: 'clock', verdict: 'ok', detail: seconds === 0 ? 'agrees with the vendor' : words };
}

export { PROVIDER_REASONS, ProviderError, type ProviderErrorFacts, type ProviderReason, type Refused, refuse } from './provider-error.ts';

/** Name of a configured instance, such as `twilio-main`; never a phone number, so it is safe as a label. */
export type ProviderName = string;

/** One message to one phone, as passed to an adapter. */
export interface SmsMessage {
  /** Our message id; adapters pass it on when the vendor has a field for it. */
  readonly id: string;
  readonly to: E164;
  /** The complete free text. */
  readonly text: string;
  readonly expiresAt: Date;
  /** Sent before other messages when capacity is limited. */
  readonly urgent?: boolean;
  /** Present when the producer or the route set a template. */
  readonly template?: MessageTemplate;
  /** Values for template providers when there is no template, or none that they know. */
  readonly variables: { readonly instance: string; readonly priority: string; readonly content: string };
}

export interface MessageTemplate {
  /** Key of `templates` in the config. */
  readonly name: string;
  /** Language tag of the recipient; absent: the language of the template's own text. */
  readonly language?: string | undefined;
  readonly params: Readonly<Record<string, string>>;
  /**
   * True for a producer's own params, such as a login code: they are sent unchanged or not at all. Values derived from
   * an alert may be shortened or cleaned.
   */
  readonly exact: boolean;
}

export interface Accepted {
  readonly kind: 'accepted';
  /** Absent when the vendor's success response contains none. */
  readonly providerMessageId?: string;
  /** Ids of all parts of a long message, `providerMessageId` first, when the vendor reports the delivery of each part. */
  readonly partIds?: readonly string[];
  /** The vendor's count, when it reports one. */
  readonly segments?: number;
  /** The vendor's price of the whole message, in micro-units. */
  readonly price?: { readonly amount: number; readonly currency: string };
}

export interface Provider {
  readonly name: ProviderName;
  /**
   * Makes exactly one request. Resolves to a refusal for any failure of vendor or network; an exception is a bug in the
   * adapter and is treated as an unknown outcome. When `signal` aborts, it settles immediately: not sent if no byte was
   * written, `unknown_outcome` otherwise.
   */
  send(message: SmsMessage, signal: AbortSignal): Promise<Accepted | Refused>;
  /** Longest text that the vendor accepts; absent: it sends templates, or the limit is not known. */
  readonly maxCharacters?: number;
  /** The vendor's rule for counting segments; absent = `gsm7`, the standard. */
  segmentRule?(to: E164): SegmentRule;
  /**
   * Returns why this vendor would surely reject the content, without a request; `undefined` when it may be sent. The
   * reason of an adapter is `content` or `recipient`, that of a breaker `circuit_open` or `throttled`.
   */
  preflight?(message: SmsMessage): ProviderError | undefined;
  /** Whether messages pass now without waiting for a turn, separately for urgent ones and the rest; absent: always. */
  serves?(urgent: boolean): boolean;
  /** Queries the delivery status. Never rejects: a failed query gives `unclear`. */
  status?(query: StatusQuery, signal: AbortSignal): Promise<VendorStatus>;
  /** Verifies credentials, sender, templates and clock as far as the vendor allows, without sending a message. Never rejects. */
  check?(signal: AbortSignal): Promise<readonly Check[]>;
  /** Closes sockets. */
  close(): Promise<void>;
}

/**
 * Returns the validity period for the vendor in seconds, within its bounds, so that no message arrives long after it
 * stopped to matter.
 */
export function secondsLeft(expiresAt: Date, now: Date, min: number, max: number): number {
  const seconds = Math.floor((expiresAt.getTime() - now.getTime()) / 1000);
  return Math.min(Math.max(seconds, min), max);
}

/** Identifies the message of a status query. Each vendor needs other fields; a missing one makes the result `unclear`. */
export interface StatusQuery {
  /** Our message id, for vendors that store a reference. */
  readonly id: string;
  readonly to?: E164;
  /** Absent when it is unknown whether the vendor accepted the message. */
  readonly providerMessageId?: string;
  /** Start of the attempt. */
  readonly sentAt: Date;
  /** Text of the message, for vendors whose records are searched by content. */
  readonly text?: string;
}

/** Facts that a vendor reports about a message. */
interface Known {
  readonly providerMessageId?: string;
  readonly segments?: number;
}

/** The vendor accepted the message and reports its state. */
export type VendorReport = Extract<VendorStatus, { kind: 'pending' | 'delivered' | 'undelivered' }>;

export type VendorStatus =
  /** Accepted by the vendor; delivery is still open. */
  | ({ readonly kind: 'pending' } & Known)
  | ({ readonly kind: 'delivered'; readonly at?: Date } & Known)
  /** Accepted by the vendor and not delivered. */
  | ({
      readonly kind: 'undelivered';
      readonly code?: string;
      /** Meaning of the code, when it is in the table. */
      readonly reason?: ProviderReason;
    } & Known)
  /** Never accepted: the vendor's records are complete and do not contain it. */
  | { readonly kind: 'absent' }
  /** The query failed, or its result proves nothing. */
  | { readonly kind: 'unclear'; readonly error: ProviderError };

/** @param why the error of the query, or a code of our own when the result proves nothing */
export function unclear(why: ProviderError | string): Extract<VendorStatus, { kind: 'unclear' }> {
  return { kind: 'unclear', error: typeof why === 'string' ? new ProviderError('unknown_outcome', { code: why }) : why };
}

/** Dependencies of adapters. */
export interface ProviderDeps {
  readonly clock: Clock;
  /** Templates of the config, for vendors that send approved templates only. */
  readonly templates: Templates;
  /** Storage of simulated providers. */
  readonly outbox: Outbox;
  /** Called after a simulated provider has accepted a message. Must not throw. */
  readonly onReceipt?: (receipt: SimulatedReceipt) => void;
}

/** Receipt that a simulated vendor would send later. */
export interface SimulatedReceipt {
  readonly provider: string;
  readonly messageId: string;
  readonly providerMessageId: string;
  readonly state: 'delivered' | 'undelivered';
}
