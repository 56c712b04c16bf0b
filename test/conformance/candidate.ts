import type { E164 } from '../../src/alert/phone/phone.ts';
import type { Clock } from '../../src/clock.ts';
import type { Accepted, Provider, ProviderReason, SmsMessage, StatusQuery } from '../../src/provider/contract/provider.ts';
import type { Reply } from '../support/vendors/http-vendor.ts';

/** Where and when a candidate is to work. */
export interface Bench {
  /** For the vendor's `baseUrl`. */
  readonly baseUrl: string;
  readonly timeoutMs: number;
  /** Stands still at {@link NOW}. */
  readonly clock: Clock;
}

/** One adapter that sits the exam. */
export interface Candidate {
  create(bench: Bench): Promise<Provider>;
  /** The keys of its config, as they are written there: none may be found in anything it returns. */
  readonly secrets: readonly string[];
  /** For an adapter that speaks to a vendor over HTTP. */
  readonly wire?: Wire;
  /** For one that does not: a message that is taken, and then no answer comes. */
  readonly unanswered?: SmsMessage;
}

export interface Wire {
  /** What {@link MESSAGE} looks like to the vendor. Headers that it does not name are free; `body` is compared byte for byte. */
  readonly request: {
    readonly method: string;
    /** Path and query; a pattern where it carries a nonce or a signature, which the fake vendor verifies. */
    readonly path: string | RegExp;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
  /** How the vendor says yes, and what the adapter reads in it. */
  readonly yes: Reply & object;
  readonly accepted: Accepted;
  /** Reasons of bare HTTP statuses (body `{}`) where this vendor departs from the rule. */
  readonly statuses?: Readonly<Record<number, ProviderReason>>;
  /** Statuses by which this vendor says that it took the text before. */
  readonly taken?: readonly number[];
  /** For a vendor that can be asked what became of a text: one that it has, and has no word of its arrival yet. */
  readonly asked?: { readonly query: StatusQuery; readonly answer: Reply & object };
}

export const NOW = new Date('2026-11-20T03:00:00.000Z');
/** Characters that break careless encoders: quotes, braces of templates, plus, ampersand, percent, Chinese, an emoji, a line break. */
export const MESSAGE: SmsMessage = {
  id: 'm-exam_1',
  to: '+60123456789' as E164,
  text: 'CRITICAL: "disk" {to} full? 100% & a+b=c \\ 你好 🔥\nline 2',
  expiresAt: new Date(NOW.getTime() + 600_000),
  variables: { instance: 'db-1', priority: 'CRITICAL', content: 'disk full' },
};
