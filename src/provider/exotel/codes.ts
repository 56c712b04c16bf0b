import { readJson, safeCode } from '../../http-client/read-answer.ts';
import type { HttpAnswer } from '../../http-client/transport.ts';
import { type CodeRow, meaningOfCode, reasonForStatus, refusalFromAnswer } from '../contract/classify.ts';
import type { Refused } from '../contract/provider.ts';

/** Limits apply per minute; the `Retry-After` in Exotel's own example is 30 s. */
const LIMIT_MS = 30_000;
const HOUR_MS = 3_600_000;

/**
 * `RestException.Code` of a rejected message: https://developer.exotel.com/docs/sms-api/api-reference/status-codes
 * (numeric) and https://developer.exotel.com/docs/sms-support/sms-api-errors (words)
 */
export const EXOTEL_CODES: ReadonlyMap<string, CodeRow> = new Map<string, CodeRow>([
  // Credentials, permissions, sender and account set-up.
  ['UNAUTHORIZED', { reason: 'auth' }], // wrong key or token
  ['INVALID_ACCOUNT_SID', { reason: 'auth' }], // the account is not that of the key
  ['34001', { reason: 'auth' }], // key or token are not alphanumeric
  ['34009', { reason: 'auth' }], // no account SID in the URL, or the action is forbidden
  ['34010', { reason: 'auth' }], // wrong key or token
  ['40000', { reason: 'auth', onlyThisMessage: true }], // a trial account sends no promotional texts
  ['340030', { reason: 'auth', onlyThisMessage: true }], // a trial account texts numbers of its white list only
  ['40002', { reason: 'auth' }], // account inactive
  ['40003', { reason: 'auth', onlyThisMessage: true }], // the account may not text that country
  ['40205', { reason: 'auth' }], // From is empty
  ['40210', { reason: 'auth' }], // From is missing
  // The sender depends on template and SmsType of the message: other messages may find one.
  ['40206', { reason: 'auth', onlyThisMessage: true }], // From does not fit SmsType
  ['40300', { reason: 'auth', onlyThisMessage: true }], // no numeric sender ID found
  ['40301', { reason: 'auth', onlyThisMessage: true }], // no transactional sender ID found
  ['40502', { reason: 'auth' }], // no such endpoint

  ['40001', { reason: 'balance' }], // insufficient balance

  ['40203', { reason: 'recipient' }], // all destination numbers are invalid

  // Content of the request.
  ['40200', { reason: 'content' }], // Body is empty or missing
  ['40202', { reason: 'content' }], // Body is invalid
  ['40204', { reason: 'content' }], // SmsType is not set correctly
  ['40207', { reason: 'content' }], // an array where text is expected
  ['40209', { reason: 'content' }], // EncodingType is not set correctly
  ['40500', { reason: 'content' }], // invalid parameters

  ['RATE_LIMIT_EXCEEDED', { reason: 'throttled', retryAfterMs: LIMIT_MS }],
  ['40402', { reason: 'throttled', retryAfterMs: LIMIT_MS }], // too many POST requests
  ['40403', { reason: 'throttled', retryAfterMs: LIMIT_MS }], // too many GET requests
  ['40405', { reason: 'throttled', retryAfterMs: LIMIT_MS }], // the platform's limit, sent with a 503
  ['40404', { reason: 'throttled', retryAfterMs: HOUR_MS }], // a trial account has sent its ten texts
]);

/** Meaning of codes that are not in the table, by their first three digits. */
const FAMILIES: readonly (readonly [family: RegExp, row: CodeRow])[] = [
  [/^402\d\d$/, { reason: 'content' }], // parameters
  [/^403\d\d$/, { reason: 'auth', onlyThisMessage: true }], // senders
  [/^404\d\d$/, { reason: 'throttled', retryAfterMs: LIMIT_MS }], // limits
];

/** Meaning of a status without a known code, where it differs from the general rule. */
const BY_STATUS: Readonly<Record<number, CodeRow>> = {
  429: { reason: 'throttled', retryAfterMs: LIMIT_MS },
  // Rate limit according to https://developer.exotel.com/api/ ; "temporarily down for maintenance" according to
  // https://developer.exotel.com/docs/sms-support/sms-api-errors . In both cases nothing was accepted.
  503: { reason: 'throttled', retryAfterMs: LIMIT_MS },
};

/** "Duplicate request": https://developer.exotel.com/docs/sms-support/sms-api-errors */
const DUPLICATE = 409;

/**
 * Whether Exotel accepted the message in an earlier request and rejects the duplicate. A 409 with a listed code is a
 * refusal with that reason.
 */
export function isDuplicate(answer: HttpAnswer): boolean {
  const { code } = readRestException(answer.body);
  return answer.status === DUPLICATE && (code === undefined || !EXOTEL_CODES.has(code));
}

/**
 * Classifies a response without a Sid. "Do not rely on Message": the code and the status decide, except for a 400
 * without a code, which may concern the number or another field. An exception may also come in a 2xx; then its own
 * `Status` counts.
 */
export function classifyExotel(answer: HttpAnswer, now: Date): Refused {
  const { code, status: own } = readRestException(answer.body);
  const status = answer.status >= 200 && answer.status < 300 && own !== undefined ? own : answer.status;
  if (code !== undefined) {
    const listed = EXOTEL_CODES.get(code) ?? BY_STATUS[status];
    const finding = meaningOfCode(status, code, listed, FAMILIES.find(([family]) => family.test(code))?.[1]);
    return refusalFromAnswer(answer, now, { ...finding, unlisted: !EXOTEL_CODES.has(code) });
  }
  const aboutNumber = status === 400 && /invalid recipient/i.test(answer.body);
  return refusalFromAnswer(answer, now, aboutNumber ? { reason: 'recipient' } : (BY_STATUS[status] ?? { reason: reasonForStatus(status) }));
}

/** Parses errors, which are JSON, or XML from a gateway before the API. */
function readRestException(body: string): { readonly code: string | undefined; readonly status: number | undefined } {
  const json = readJson(body) as { readonly RestException?: { readonly Code?: unknown; readonly Status?: unknown } } | null | undefined;
  const xml = /<RestException>.*<\/RestException>/s.exec(body)?.[0] ?? '';
  const exception = json?.RestException;
  if (typeof exception !== 'object' || exception === null) {
    if (xml === '') return { code: undefined, status: undefined };
    return { code: safeCode(/<Code>([^<]*)<\/Code>/.exec(xml)?.[1]), status: readStatus(/<Status>([^<]*)<\/Status>/.exec(xml)?.[1]) };
  }
  return { code: safeCode(exception.Code), status: readStatus(exception.Status) };
}

/** Returns the exception's own status; without one it concerns the request. */
function readStatus(written: unknown): number {
  const status = typeof written === 'string' || typeof written === 'number' ? Number(written) : Number.NaN;
  return Number.isInteger(status) && status >= 400 && status < 600 ? status : 400;
}
