import { safeCode } from '../../http-client/read-answer.ts';
import { type CodeRow, type Finding, findingOfCode } from '../contract/classify.ts';

const MINUTE_MS = 60_000;

/**
 * What the error codes mean, as its international sister has them in English, which numbers alike:
 * https://www.unimtx.com/docs/api/error-codes
 */
export const UNISMS_CODES: ReadonlyMap<string, CodeRow> = new Map<string, CodeRow>([
  ['101000', { reason: 'unknown_outcome' }], // internal error: how far it came it does not say
  ['101301', { reason: 'auth' }], // no upstream configured for the account
  ['101303', { reason: 'unavailable' }], // no upstream available now

  // Parameters: of those that we send only the number and the template's values differ from text to text.
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

  ['105300', { reason: 'throttled', retryAfterMs: MINUTE_MS, onlyThisMessage: true }], // the account's own limit a number: by minute, hour or day
  ['105400', { reason: 'balance' }], // insufficient funds

  ['107111', { reason: 'recipient' }], // invalid phone number

  // The name of the sender, the same in every text of this provider.
  ['107120', { reason: 'auth' }], // missing
  ['107121', { reason: 'auth' }], // does not exist
  ['107122', { reason: 'auth' }], // not approved
  ['107123', { reason: 'auth' }], // restricted

  ['107141', { reason: 'content' }], // the template does not exist
  ['107143', { reason: 'content' }], // the template cannot be used
]);

/** What we take a code for that is not in the table; the first three digits say whose fault it is. */
const FAMILIES: readonly (readonly [family: RegExp, row: CodeRow])[] = [
  [/^101\d{3}$/, { reason: 'unknown_outcome' }], // the service
  [/^1040\d{2}$/, { reason: 'content' }], // parameters
  [/^104\d{3}$/, { reason: 'auth' }], // access keys and signatures
  [/^105\d{3}$/, { reason: 'auth' }], // the account
  [/^1071\d{2}$/, { reason: 'content' }], // the text, its sender and its template
];

/** @param status of the answer that holds the code */
export function findUnismsCode(value: unknown, status: number): Finding {
  const code = safeCode(value);
  if (code === undefined) return {};
  return findingOfCode(status, code, UNISMS_CODES.get(code), FAMILIES.find(([family]) => family.test(code))?.[1]);
}
