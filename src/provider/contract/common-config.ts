import { z } from 'zod';
import { durationBetween } from '../../setting/duration.ts';
import { type Secret, secretSchema } from '../../setting/secret.ts';

/** Patterns that detect values of the wrong key by prefix and length; error messages never quote a value. */

const TWILIO_SID = /^[A-Z]{2}[0-9a-f]{32}$/i;
/** Requires a decimal digit among the hex digits, so that a name such as MGDEAD is not matched. */
const SERVICE_SID = /^MG(?=[a-f]*\d)[0-9a-f]+$/i;
const CHANNEL = /^(whatsapp|messenger|rcs|sms|tel):/i;

/** A vendor's rules for the sender. */
interface SenderRules {
  /** Maximum length of an alphanumeric sender; absent: the vendor sets no limit. */
  readonly mostLetters?: number;
  /** Whether a number must begin with a plus. */
  readonly plus: boolean;
}

/** Returns what is wrong with a sender, as the end of a sentence about its key; `undefined` when it may be valid. */
export function faultOfSender(written: string, { mostLetters, plus }: SenderRules): string | undefined {
  if (SERVICE_SID.test(written)) return 'is a Messaging Service SID: set it as messagingServiceSid, and remove from';
  if (TWILIO_SID.test(written)) return 'is a SID (two letters and 32 hex digits): set the number or the name itself';
  const channel = CHANNEL.exec(written)?.[1];
  if (channel !== undefined) return `must not have the prefix ${channel.toLowerCase()}: (only SMS is supported)`;
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

/** Rejects values that clearly belong to another key. */
export function refuseForms(...forms: readonly (readonly [form: RegExp, message: string])[]) {
  return (given: string | Secret, ctx: z.RefinementCtx): void => {
    const written = typeof given === 'string' ? given : given.reveal();
    const message = forms.find(([form]) => form.test(written))?.[1];
    if (message !== undefined) ctx.addIssue({ code: 'custom', message });
  };
}

/** An absolute http or https URL. Error messages never quote it: it may contain a key. */
export const httpUrl = z.string().superRefine((written, ctx) => {
  const message = faultOfUrl(written);
  if (message !== undefined) ctx.addIssue({ code: 'custom', message });
});

function faultOfUrl(written: string): string | undefined {
  if (!URL.canParse(written)) return 'must be an absolute URL, such as https://sms.example.com';
  const url = new URL(written);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'must begin with http:// or https://';
  if (url.username !== '' || url.password !== '')
    return 'must not contain a user name or password: use the settings of the provider for credentials';
  return undefined;
}

const CALLING_CODE = 'must be a calling code such as "86": one to three digits';

const callingCode = z
  .union([z.string(), z.number()], { error: CALLING_CODE })
  .transform((code) => String(code).replace(/^\+/, ''))
  .refine((code) => /^[1-9]\d{0,2}$/.test(code), CALLING_CODE);

/** Keys that every provider type has. */
export const commonKeys = {
  baseUrl: httpUrl
    .refine((url) => !/[?#]/.test(url), 'must not contain a query or a fragment')
    .optional()
    .describe("Takes the place of the vendor's scheme, host and port: regional edges, proxies, test servers"),
  timeout: durationBetween('1ms', '5m').default(15_000).describe('Deadline of one call, from connect to the last byte of the response'),
  maxPerSecond: z.number().positive('must be more than 0; omit it for no limit').optional(),
  maxConcurrent: z.int().positive('must be at least 1; omit it for no limit').optional(),
  countries: z
    .array(callingCode)
    .min(1, 'must contain at least one calling code; omit it to allow every country')
    .optional()
    .describe('Calling codes that this provider may send to'),
  receiptToken: secretSchema.optional().describe('Required value of ?token= on its delivery receipts'),
};

/** Keys of vendors with a status query. */
export const pollKeys = {
  pollAfter: durationBetween('5s', '1d')
    .optional()
    .describe('Queries the delivery status when no receipt arrived within this time; default: never'),
};

/** Converts the written config: `timeout` becomes `timeoutMs`, and `pollAfter` becomes `pollAfterMs`. */
export function withTimeoutMs<Given extends { timeout: number; pollAfter?: number | undefined }>({
  timeout,
  pollAfter,
  ...rest
}: Given): Omit<Given, 'timeout' | 'pollAfter'> & { timeoutMs: number; pollAfterMs?: number } {
  return { ...rest, timeoutMs: timeout, ...(pollAfter === undefined ? {} : { pollAfterMs: pollAfter }) };
}
