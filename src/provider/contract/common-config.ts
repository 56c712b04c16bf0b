import { z } from 'zod';
import { durationBetween } from '../../setting/duration.ts';
import { type Secret, secretSchema } from '../../setting/secret.ts';

/**
 * Forms by which values of the wrong key are recognized. They differ in their first characters and their length; no
 * message quotes a value.
 */

const TWILIO_SID = /^[A-Z]{2}[0-9a-f]{32}$/i;
/** Hex digits with a number among them, so that a name such as MGDEAD stays one. */
const SERVICE_SID = /^MG(?=[a-f]*\d)[0-9a-f]+$/i;
const CHANNEL = /^(whatsapp|messenger|rcs|sms|tel):/i;

/** What a vendor takes as the sender. */
interface SenderRules {
  /** Longest name of letters and digits; absent: the vendor sets no limit. */
  readonly mostLetters?: number;
  /** Whether a number has to begin with a plus. */
  readonly plus: boolean;
}

/** What is wrong with a sender, as the end of a sentence about its key; `undefined` when it may be right. */
export function faultOfSender(written: string, { mostLetters, plus }: SenderRules): string | undefined {
  if (SERVICE_SID.test(written)) return 'is a Messaging Service SID: give it as messagingServiceSid, and leave from out';
  if (TWILIO_SID.test(written)) return 'is a SID, which begins with two letters and has 34 characters: give the number or the name itself';
  const channel = CHANNEL.exec(written)?.[1];
  if (channel !== undefined) return `must be given without ${channel.toLowerCase()}: in front of it; only SMS is sent here`;
  const digits = written.replace(/[\s().\-\u2010-\u2015]/g, '');
  if (/^\+?\d{5,}$/.test(digits) && digits !== written) return 'must be + and digits, without spaces, dashes or brackets';
  if (written.startsWith('+')) return /^\+[1-9]\d{6,14}$/.test(written) ? undefined : 'must be a number in E.164: + and 7 to 15 digits';
  if (/^\d+$/.test(written)) {
    return plus && written.length > 8 ? 'must begin with +: a number in E.164, or a short code of up to 8 digits' : undefined;
  }
  if (mostLetters !== undefined && written.length > mostLetters) {
    return `has ${written.length} characters: an alphanumeric sender has at most ${mostLetters}`;
  }
  return /^[\w &+-]+$/.test(written) && written.trim() === written
    ? undefined
    : 'must be a number, or a name of letters, digits, spaces, - _ & and +';
}

export function senderSchema(rules: SenderRules) {
  return z
    .string()
    .min(1)
    .superRefine((written, ctx) => {
      const message = written === '' ? undefined : faultOfSender(written, rules);
      if (message !== undefined) ctx.addIssue({ code: 'custom', message });
    });
}

/** A refusal of values that plainly belong to another key. */
export function refuseForms(...forms: readonly (readonly [form: RegExp, message: string])[]) {
  return (given: string | Secret, ctx: z.RefinementCtx): void => {
    const written = typeof given === 'string' ? given : given.reveal();
    const message = forms.find(([form]) => form.test(written))?.[1];
    if (message !== undefined) ctx.addIssue({ code: 'custom', message });
  };
}

/** An absolute http or https URL. No message quotes it: it may hold a key. */
export const httpUrl = z.string().superRefine((written, ctx) => {
  const message = faultOfUrl(written);
  if (message !== undefined) ctx.addIssue({ code: 'custom', message });
});

function faultOfUrl(written: string): string | undefined {
  if (!URL.canParse(written)) return 'must be a whole URL, such as https://sms.example.com';
  const url = new URL(written);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'must begin with http:// or https://';
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password: credentials have settings of their own';
  return undefined;
}

const CALLING_CODE = 'must be a calling code such as "86": one to three digits';

const callingCode = z
  .union([z.string(), z.number()], { error: CALLING_CODE })
  .transform((code) => String(code).replace(/^\+/, ''))
  .refine((code) => /^[1-9]\d{0,2}$/.test(code), CALLING_CODE);

/** Keys of every provider type. */
export const commonKeys = {
  baseUrl: httpUrl
    .refine((url) => !/[?#]/.test(url), 'must not hold a query or a fragment')
    .optional()
    .describe("Takes the place of the vendor's scheme, host and port: regional edges, proxies, test servers"),
  timeout: durationBetween('1ms', '5m').default(15_000).describe('Bounds one call, from connect to the last byte of the answer'),
  maxPerSecond: z.number().positive('must be more than 0; leave it out for no limit').optional(),
  maxConcurrent: z.int().positive('must be at least 1; leave it out for no limit').optional(),
  countries: z
    .array(callingCode)
    .min(1, 'must name at least one calling code; leave it out to allow every country')
    .optional()
    .describe('Calling codes that this provider may text'),
  receiptToken: secretSchema.optional().describe('What ?token= must be on its delivery receipts'),
};

/** For vendors that can be asked what became of a text. */
export const pollKeys = {
  pollAfter: durationBetween('5s', '1d')
    .optional()
    .describe('Asks the vendor what became of a text when no delivery receipt came within this time; left out: never asks'),
};

/** Given → compiled: `timeout` becomes `timeoutMs`, and `pollAfter` where it is given `pollAfterMs`. */
export function withTimeoutMs<Given extends { timeout: number; pollAfter?: number | undefined }>({
  timeout,
  pollAfter,
  ...rest
}: Given): Omit<Given, 'timeout' | 'pollAfter'> & { timeoutMs: number; pollAfterMs?: number } {
  return { ...rest, timeoutMs: timeout, ...(pollAfter === undefined ? {} : { pollAfterMs: pollAfter }) };
}
