import { safeCode } from '../../http-client/read-answer.ts';
import { type CodeRow, type Finding, reasonForStatus } from '../contract/classify.ts';

const QUARTER_MS = 15 * 60_000;

/** A part that was taken. The live service says 200, its newer pages 0. https://www.smslocal.com/developer */
export const SMSLOCAL_YES: ReadonlySet<string> = new Set(['200', '0']);

/** The bare numbers of the vendor's older API, said in place of a body: https://smslocal.com/?p=78464 */
export const SMSLOCAL_BARE_CODES: ReadonlyMap<string, CodeRow> = new Map<string, CodeRow>([
  ['101', { reason: 'auth' }], // user not recognized
  ['102', { reason: 'auth' }], // sender ID
  ['103', { reason: 'recipient' }], // contact
  ['104', { reason: 'auth' }], // route, which is a matter of the account
  ['105', { reason: 'content' }], // format of the message
  ['106', { reason: 'content' }], // spam
  ['107', { reason: 'content' }], // promotional messages are blocked
  ['108', { reason: 'balance' }], // insufficient credits
  ['109', { reason: 'throttled', retryAfterMs: QUARTER_MS }], // a promotional route, open from 9:00 to 20:45 in India
  ['110', { reason: 'content' }], // DLT template
  ['111', { reason: 'content' }], // no message
]);

/**
 * What the `errorcode` of a part means that is not a yes. The vendor publishes no list; the codes that are known repeat
 * HTTP statuses.
 */
export function findSmslocalCode(value: unknown): Finding {
  const code = safeCode(value);
  if (code === undefined) return {};
  return /^[45]\d\d$/.test(code) ? { reason: reasonForStatus(Number(code)), code } : { code, unlisted: true };
}
