import { z } from 'zod';
import { durationBetween } from '../../setting/duration.ts';
import { secretSchema } from '../../setting/secret.ts';

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
