import { type CodeRow, refusalFromAnswer } from '../classify.ts';
import type { Refused } from '../provider.ts';
import { readJson, safeCode } from '../read-answer.ts';
import type { HttpAnswer } from '../transport.ts';

/** The limits count by the minute; Exotel's own example of a `Retry-After` is 30 s. */
const LIMIT_MS = 30_000;
const HOUR_MS = 3_600_000;

/**
 * `RestException.Code` of a text that Exotel did not take:
 * https://developer.exotel.com/docs/sms-api/api-reference/status-codes (the numbers) and
 * https://developer.exotel.com/docs/sms-support/sms-api-errors (the words)
 */
export const EXOTEL_CODES: ReadonlyMap<string, CodeRow> = new Map<string, CodeRow>([
  // Credentials, permissions, sender and account set-up.
  ['UNAUTHORIZED', { reason: 'auth' }], // wrong key or token
  ['INVALID_ACCOUNT_SID', { reason: 'auth' }], // the account is not that of the key
  ['34001', { reason: 'auth' }], // key or token are not alphanumeric
  ['34009', { reason: 'auth' }], // no account SID in the URL, or the action is forbidden
  ['34010', { reason: 'auth' }], // wrong key or token
  ['40000', { reason: 'auth' }], // a trial account sends no promotional texts
  ['340030', { reason: 'auth', onlyThisMessage: true }], // a trial account texts numbers of its white list only
  ['40002', { reason: 'auth' }], // account inactive
  ['40003', { reason: 'auth', onlyThisMessage: true }], // the account may not text that country
  ['40205', { reason: 'auth' }], // From is empty
  ['40206', { reason: 'auth' }], // From does not fit SmsType
  ['40210', { reason: 'auth' }], // From is missing
  ['40300', { reason: 'auth' }], // no numeric sender ID found
  ['40301', { reason: 'auth' }], // no transactional sender ID found
  ['40502', { reason: 'auth' }], // no such endpoint

  ['40001', { reason: 'balance' }], // insufficient balance

  ['40203', { reason: 'recipient' }], // all destination numbers are invalid

  // What was asked for.
  ['40200', { reason: 'content' }], // Body is empty or missing
  ['40202', { reason: 'content' }], // Body is invalid
  ['40204', { reason: 'content' }], // SmsType is not set correctly
  ['40207', { reason: 'content' }], // an array where text is expected
  ['40209', { reason: 'content' }], // EncodingType is not set correctly
  ['40500', { reason: 'content' }], // invalid parameters

  ['RATE_LIMIT_EXCEEDED', { reason: 'throttled', retryAfterMs: LIMIT_MS }],
  ['40402', { reason: 'throttled', retryAfterMs: LIMIT_MS }], // too many POST requests
  ['40403', { reason: 'throttled', retryAfterMs: LIMIT_MS }], // too many GET requests
  ['40405', { reason: 'throttled', retryAfterMs: LIMIT_MS }], // the platform's limit, said with a 503
  ['40404', { reason: 'throttled', retryAfterMs: HOUR_MS }], // a trial account has sent its ten texts
]);

/** What a status without a code that we know means, where it departs from the rule. */
const BY_STATUS: Readonly<Record<number, CodeRow>> = {
  404: { reason: 'auth' }, // no such account in the URL
  405: { reason: 'auth' },
  409: { reason: 'unavailable' }, // something else was changing the account at that moment; not taken
  429: { reason: 'throttled', retryAfterMs: LIMIT_MS },
  503: { reason: 'throttled', retryAfterMs: LIMIT_MS }, // how Exotel limits texts: https://developer.exotel.com/api/
};

/**
 * A refusal from an answer that brought no text's Sid. "Do not rely on Message": the code, where there is one, and the
 * status say it all, but for a 400 without a code, which can be about the number or about the rest. Only a 4xx and a 503
 * are a no; whatever else cannot be read as a yes may have been sent.
 */
export function classifyExotel(answer: HttpAnswer, now: Date): Refused {
  const code = codeOf(answer.body);
  const isNo = (answer.status >= 400 && answer.status < 500 && answer.status !== 408) || answer.status === 503;
  const known = isNo && code !== undefined ? EXOTEL_CODES.get(code) : undefined;
  const unlisted = isNo && code !== undefined && known === undefined;
  const aboutNumber = answer.status === 400 && code === undefined && /invalid recipient/i.test(answer.body);
  return refusalFromAnswer(answer, now, {
    ...(known ?? (aboutNumber ? { reason: 'recipient' } : BY_STATUS[answer.status])),
    code,
    unlisted,
  });
}

/** Errors are JSON, or XML from whatever stands before the API. */
function codeOf(body: string): string | undefined {
  const json = readJson(body) as { readonly RestException?: { readonly Code?: unknown } | null } | null | undefined;
  return safeCode(json?.RestException?.Code ?? /<RestException>.*?<Code>([^<]*)<\/Code>/s.exec(body)?.[1]);
}
