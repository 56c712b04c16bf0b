import { readJson, readMessageId, readPrice, readSegments, safeCode } from '../../http-client/read-answer.ts';
import type { HttpAnswer } from '../../http-client/transport.ts';
import { type CodeMeaning, type CodeRow, meaningOfCode, refusalFromAnswer } from '../contract/classify.ts';
import type { Accepted, Refused } from '../contract/provider.ts';

const MINUTE_MS = 60_000;

/**
 * Meaning of the error codes, from the documentation of the vendor's international service, which uses the same
 * numbers: https://www.unimtx.com/docs/api/error-codes
 */
export const UNISMS_CODES: ReadonlyMap<string, CodeRow> = new Map<string, CodeRow>([
  ['101000', { reason: 'unknown_outcome' }], // internal error: unknown how far it got
  ['101301', { reason: 'auth' }], // no upstream configured for the account
  ['101303', { reason: 'unavailable' }], // no upstream available now

  // Parameters: of those that we send, only the number and the template's values differ between messages.
  ['104001', { reason: 'content' }], // missing
  ['104002', { reason: 'content' }], // invalid
  ['104003', { reason: 'content' }], // restricted

  ['104110', { reason: 'auth' }], // no access key
  ['104111', { reason: 'auth' }], // no such access key
  ['104200', { reason: 'auth' }], // not signed, and the account asks for HMAC mode
  ['104201', { reason: 'auth' }], // wrong signature
  ['104202', { reason: 'auth' }], // timestamp more than ten minutes off
  ['105001', { reason: 'auth' }], // unauthorized
  ['105100', { reason: 'auth' }], // this IP address is not allowed

  ['105300', { reason: 'throttled', retryAfterMs: MINUTE_MS, onlyThisMessage: true }], // the account's limit per number: by minute, hour or day
  ['105400', { reason: 'balance' }], // insufficient funds

  ['107111', { reason: 'recipient' }], // invalid phone number

  // Sender name, the same in every message of this provider.
  ['107120', { reason: 'auth' }], // missing
  ['107121', { reason: 'auth' }], // does not exist
  ['107122', { reason: 'auth' }], // not approved
  ['107123', { reason: 'auth' }], // restricted

  ['107141', { reason: 'content' }], // the template does not exist
  ['107143', { reason: 'content' }], // the template cannot be used
]);

/** Meaning of codes that are not in the table, by their first three digits. */
const FAMILIES: readonly (readonly [family: RegExp, row: CodeRow])[] = [
  [/^101\d{3}$/, { reason: 'unknown_outcome' }], // the service
  [/^1040\d{2}$/, { reason: 'content' }], // parameters
  [/^104\d{3}$/, { reason: 'auth' }], // access keys and signatures
  [/^105\d{3}$/, { reason: 'auth' }], // the account
  [/^1071\d{2}$/, { reason: 'content' }], // the text, its sender and its template
];

/** @param status HTTP status of the response that contains the code */
export function findUnismsCode(value: unknown, status: number): CodeMeaning {
  const code = safeCode(value);
  if (code === undefined) return {};
  return meaningOfCode(status, code, UNISMS_CODES.get(code), FAMILIES.find(([family]) => family.test(code))?.[1]);
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Parses the response. The vendor's code decides, whatever the HTTP status. A `0` means that the call was valid;
 * whether the message was accepted is in its entry of `data.messages`. https://www.unimtx.com/docs/api/send
 */
export function readUnismsAnswer(answer: HttpAnswer, now: Date): Accepted | Refused {
  const { code, data } = fieldsOf(readJson(answer.body));
  if (safeCode(code) !== '0' || isRedirect(answer)) return refusalFromAnswer(answer, now, findUnismsCode(code, answer.status));

  const { messages, messageCount, currency } = fieldsOf(data);
  const entries = Array.isArray(messages) ? messages.map(fieldsOf) : [];
  const failed = entries.filter(({ status }) => status === 'failed');
  const [first = {}] = entries;
  if (entries.length > 0 && failed.length === entries.length) return refusalFromAnswer(answer, now, findFailure(first));

  const providerMessageId = readMessageId(first.id);
  if (failed.length > 0 || providerMessageId === undefined) return refusalFromAnswer(answer, now, { reason: 'unknown_outcome' });
  const segments = readSegments(first.messageCount ?? first.count ?? messageCount);
  const price = readPrice(first.price, currency);
  return {
    kind: 'accepted',
    providerMessageId,
    ...(segments === undefined ? {} : { segments }),
    ...(price === undefined ? {} : { price }),
  };
}

/** Whether the response is a redirect, which does not come from the vendor. */
function isRedirect({ status }: HttpAnswer): boolean {
  return status >= 300 && status < 400;
}

/** Classifies a message that failed in a successful call. The location of its code is not documented. */
function findFailure({ errorCode, code }: Fields): CodeMeaning {
  const found = findUnismsCode(errorCode ?? code, 200);
  return found.reason === undefined ? { reason: 'content', code: found.code ?? 'failed', unlisted: true } : found;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
