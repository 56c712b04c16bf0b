import type { E164 } from '../../alert/phone.ts';
import type { SegmentRule } from '../../alert/segments.ts';
import type { Check } from './check.ts';
import type { ProviderError, Refused } from './provider-error.ts';
import type { StatusQuery, VendorStatus } from './status.ts';

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
