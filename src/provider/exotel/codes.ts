import { readJson, safeCode } from '../../http-client/read-answer.ts';
import type { HttpAnswer } from '../../http-client/transport.ts';
import { type CodeRow, meaningOfCode, reasonForStatus, refusalFromAnswer } from '../contract/classify.ts';
import type { Refused } from '../contract/provider.ts';

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
  ['40000', { reason: 'auth', onlyThisMessage: true }], // a trial account sends no promotional texts
  ['340030', { reason: 'auth', onlyThisMessage: true }], // a trial account texts numbers of its white list only
  ['40002', { reason: 'auth' }], // account inactive
  ['40003', { reason: 'auth', onlyThisMessage: true }], // the account may not text that country
  ['40205', { reason: 'auth' }], // From is empty
  ['40210', { reason: 'auth' }], // From is missing
  // Which sender is looked for follows from the template and SmsType of the text at hand: another text may find one.
  ['40206', { reason: 'auth', onlyThisMessage: true }], // From does not fit SmsType
  ['40300', { reason: 'auth', onlyThisMessage: true }], // no numeric sender ID found
  ['40301', { reason: 'auth', onlyThisMessage: true }], // no transactional sender ID found
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

/** Codes that the table does not hold, by the first three digits. */
const FAMILIES: readonly (readonly [family: RegExp, row: CodeRow])[] = [
  [/^402\d\d$/, { reason: 'content' }], // parameters
  [/^403\d\d$/, { reason: 'auth', onlyThisMessage: true }], // senders
  [/^404\d\d$/, { reason: 'throttled', retryAfterMs: LIMIT_MS }], // limits
];

/** What a status without a code that we know means, where it departs from the rule. */
const BY_STATUS: Readonly<Record<number, CodeRow>> = {
  429: { reason: 'throttled', retryAfterMs: LIMIT_MS },
  // How Exotel limits texts, says https://developer.exotel.com/api/ ; "temporarily down for maintenance", says
  // https://developer.exotel.com/docs/sms-support/sms-api-errors . Either way nothing was taken.
  503: { reason: 'throttled', retryAfterMs: LIMIT_MS },
};

/** "Duplicate request": https://developer.exotel.com/docs/sms-support/sms-api-errors */
const DUPLICATE = 409;

/**
 * Whether Exotel took the text with an earlier request and refuses to take it twice. A 409 with a code of the table is a
 * refusal for that reason.
 */
export function isDuplicate(answer: HttpAnswer): boolean {
  const { code } = readRestException(answer.body);
  return answer.status === DUPLICATE && (code === undefined || !EXOTEL_CODES.has(code));
}

/**
 * A refusal from an answer that brought no text's Sid. "Do not rely on Message": the code, where there is one, and the
 * status say it all, but for a 400 without a code, which can be about the number or about the rest. An exception may also
 * come in a 2xx; then its own `Status` counts.
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

/** Errors are JSON, or XML from whatever stands before the API. */
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

/** An exception without a status of its own is one about the request. */
function readStatus(written: unknown): number {
  const status = typeof written === 'string' || typeof written === 'number' ? Number(written) : Number.NaN;
  return Number.isInteger(status) && status >= 400 && status < 600 ? status : 400;
}
