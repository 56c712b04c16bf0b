import type { E164 } from '../../alert/phone.ts';
import type { SegmentRule } from '../../alert/segments.ts';
import type { Clock } from '../../clock.ts';
import type { Outbox } from '../simulated/outbox.ts';
import type { Templates } from '../template/template.ts';
import { ProviderError, type ProviderReason, type Refused } from './provider-error.ts';

const CHECK_SUBJECTS = ['connection', 'credentials', 'account', 'balance', 'sender', 'template', 'clock'] as const;
export type CheckSubject = (typeof CHECK_SUBJECTS)[number];

/** One thing that `providers check` looked at. */
export interface Check {
  readonly subject: CheckSubject;
  /** `unchecked`: the vendor gives no way to learn it without sending a text. */
  readonly verdict: 'ok' | 'warning' | 'failed' | 'unchecked';
  /** For a person: what was found, and what to do. Without secrets and phone numbers. */
  readonly detail: string;
}

/** Vendors refuse signatures that are older, or from further in the future, than five minutes and more. */
const SKEW_WARNING_MS = 60_000;
const SKEW_FAILURE_MS = 4 * 60_000;

/** Compares our clock with the `Date` header of an answer: https://www.rfc-editor.org/rfc/rfc9110#field.date */
export function checkClock(dateHeader: string | undefined, now: Date): Check {
  const theirs = dateHeader === undefined ? Number.NaN : Date.parse(dateHeader);
  if (Number.isNaN(theirs)) return { subject: 'clock', verdict: 'unchecked', detail: 'the answer carries no date' };
  const skewMs = now.getTime() - theirs;
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const words = `this clock is ${seconds} s ${skewMs < 0 ? 'behind' : 'ahead of'} the vendor's`;
  if (Math.abs(skewMs) >= SKEW_FAILURE_MS)
    return { subject: 'clock', verdict: 'failed', detail: `${words}: signatures will be refused; set it right, best by NTP` };
  if (Math.abs(skewMs) >= SKEW_WARNING_MS) return { subject: 'clock', verdict: 'warning', detail: `${words}: set it right, best by NTP` };
  return { subject: 'clock', verdict: 'ok', detail: seconds === 0 ? 'agrees with the vendor' : words };
}

export { PROVIDER_REASONS, ProviderError, type ProviderErrorFacts, type ProviderReason, type Refused, refuse } from './provider-error.ts';

/** The name of a configured instance, such as `twilio-main`; never a phone number, so it may be a label. */
export type ProviderName = string;

/** One text to one phone, as an adapter gets it. */
export interface SmsMessage {
  /** Our message id; adapters pass it on where the vendor has a field for it. */
  readonly id: string;
  readonly to: E164;
  /** The whole free text. */
  readonly text: string;
  readonly expiresAt: Date;
  /** Where not all may go now, it goes first. */
  readonly urgent?: boolean;
  /** Set when the producer or the route named a template. */
  readonly template?: MessageTemplate;
  /** What template providers fill in when there is no template, or none that they know. */
  readonly variables: { readonly instance: string; readonly priority: string; readonly content: string };
}

export interface MessageTemplate {
  /** A key of `templates` in the config. */
  readonly name: string;
  /** Tag of the language that its recipient reads; absent: the language of the template's own text. */
  readonly language?: string | undefined;
  readonly params: Readonly<Record<string, string>>;
  /**
   * True for a producer's own params, such as a login code: said as they are or not at all. What we made of an alert
   * may be made to fit.
   */
  readonly exact: boolean;
}

export interface Accepted {
  readonly kind: 'accepted';
  /** Absent when the vendor said yes in a form that carries none. */
  readonly providerMessageId?: string;
  /** Ids of all parts of a long text, `providerMessageId` first, where the vendor reports the delivery of each part. */
  readonly partIds?: readonly string[];
  /** As the vendor counts them, where it says. */
  readonly segments?: number;
  /** What the vendor says that the whole text costs, in micro-units. */
  readonly price?: { readonly amount: number; readonly currency: string };
}

export interface Provider {
  readonly name: ProviderName;
  /**
   * Exactly one request. Resolves to a refusal for anything the vendor or the network did; a throw is a bug in the
   * adapter and is treated as an unknown outcome. When `signal` aborts, it settles at once: not sent if no byte was
   * written, `unknown_outcome` otherwise.
   */
  send(message: SmsMessage, signal: AbortSignal): Promise<Accepted | Refused>;
  /** Longest text that the vendor takes; absent: it sends templates, or nobody knows. */
  readonly maxCharacters?: number;
  /** How this vendor counts the parts of a text to a number; absent = `gsm7`, as the standard has it. */
  segmentRule?(to: E164): SegmentRule;
  /**
   * Why this vendor would surely refuse the message for what it says, found without asking; `undefined` when nothing
   * speaks against trying. An adapter's reason is `content` or `recipient`; a breaker's is `circuit_open` or `throttled`.
   */
  preflight?(message: SmsMessage): ProviderError | undefined;
  /** Whether urgent messages, or the rest, go through now without waiting for a turn; absent: always. */
  serves?(urgent: boolean): boolean;
  /** Asks the vendor what became of a text. Never rejects: what cannot be learned is `unclear`. */
  status?(query: StatusQuery, signal: AbortSignal): Promise<VendorStatus>;
  /** Looks at credentials, sender, templates and clock as far as the vendor lets us, and sends no text. Never rejects. */
  check?(signal: AbortSignal): Promise<readonly Check[]>;
  /** Frees sockets. */
  close(): Promise<void>;
}

/** How long a vendor may keep trying, within the bounds that it sets: no alert arrives long after it stopped to matter. */
export function secondsLeft(expiresAt: Date, now: Date, min: number, max: number): number {
  const seconds = Math.floor((expiresAt.getTime() - now.getTime()) / 1000);
  return Math.min(Math.max(seconds, min), max);
}

/** Which text is asked about. Each vendor needs other parts of it; what is missing makes the answer `unclear`. */
export interface StatusQuery {
  /** Our message id, by which vendors that took a reference of ours find it. */
  readonly id: string;
  readonly to?: E164;
  /** Absent for a text of which nobody knows whether the vendor took it. */
  readonly providerMessageId?: string;
  /** When the attempt began. */
  readonly sentAt: Date;
  /** What it said, for vendors whose lists are searched by content. */
  readonly text?: string;
}

/** What a vendor knows of the text: its id and cost where it says. */
interface Known {
  readonly providerMessageId?: string;
  readonly segments?: number;
}

/** The vendor took the text, and this is what it knows of it. */
export type VendorReport = Extract<VendorStatus, { kind: 'pending' | 'delivered' | 'undelivered' }>;

export type VendorStatus =
  /** The vendor has it; whether the phone has it is not known yet. */
  | ({ readonly kind: 'pending' } & Known)
  | ({ readonly kind: 'delivered'; readonly at?: Date } & Known)
  /** The vendor took it and it did not arrive. */
  | ({
      readonly kind: 'undelivered';
      readonly code?: string;
      /** What the code means, where our table holds it. */
      readonly reason?: ProviderReason;
    } & Known)
  /** The vendor never took it: its records are complete and do not hold it. */
  | { readonly kind: 'absent' }
  /** It could not be asked, does not say, or what it says proves nothing. */
  | { readonly kind: 'unclear'; readonly error: ProviderError };

/** @param why what refused or broke the question; or, where an answer proves nothing, our own code for it */
export function unclear(why: ProviderError | string): Extract<VendorStatus, { kind: 'unclear' }> {
  return { kind: 'unclear', error: typeof why === 'string' ? new ProviderError('unknown_outcome', { code: why }) : why };
}

/** What adapters are given; none of them reaches for anything else. */
export interface ProviderDeps {
  readonly clock: Clock;
  /** Of the config, for vendors that send approved templates only. */
  readonly templates: Templates;
  /** Where simulated providers keep what they "sent". */
  readonly outbox: Outbox;
  /** Called after a simulated provider has taken a text. Must not throw. */
  readonly onReceipt?: (receipt: SimulatedReceipt) => void;
}

/** What a vendor would report later about a text that it took. */
export interface SimulatedReceipt {
  readonly provider: string;
  readonly messageId: string;
  readonly providerMessageId: string;
  readonly state: 'delivered' | 'undelivered';
}
