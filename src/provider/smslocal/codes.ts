import { readJson, readMessageId, safeCode } from '../../http-client/read-answer.ts';
import type { HttpAnswer } from '../../http-client/transport.ts';
import { type CodeMeaning, type CodeRow, meaningOfCode, reasonForStatus, refusalFromAnswer } from '../contract/classify.ts';
import type { Accepted, Refused } from '../contract/provider.ts';

/** Upper bound; far more than a text of 1600 characters needs. */
const MOST_PARTS = 64;

interface Part {
  readonly id: string | undefined;
  /** Absent when the vendor returned none. */
  readonly code: string | undefined;
}

/**
 * Parses the response. The documentation shows one object, `{ msgid, errorcode }`; the live service returns a list, `[{
 * id, errorCode }, …]`, with one entry per part of a long message. https://www.smslocal.com/developer
 */
export function readSmslocalAnswer(answer: HttpAnswer, now: Date): Accepted | Refused {
  // With a 5xx or a redirect the message may have been sent, whatever the body says.
  const itsWord = (answer.status >= 200 && answer.status < 300) || (answer.status >= 400 && answer.status < 500);
  const body = itsWord ? readJson(answer.body) : undefined;

  if (typeof body === 'number' || typeof body === 'string') {
    const code = safeCode(body);
    const listed = SMSLOCAL_BARE_CODES.get(code ?? '');
    // Error codes are three digits that begin with 1; any other number may be the id of an accepted message.
    const isError = code !== undefined && /^1\d\d$/.test(code);
    return refusalFromAnswer(answer, now, isError ? meaningOfCode(answer.status, code, listed) : { code });
  }

  const parts = (Array.isArray(body) ? body : [body]).map(readPart);
  const taken = parts.filter(({ code }) => code !== undefined && SMSLOCAL_YES.has(code));
  const refused = parts.filter(({ code }) => code !== undefined && !SMSLOCAL_YES.has(code));
  if (refused.length > 0 && refused.length === parts.length) {
    // A code means a refusal; when the code is unknown, the status gives the reason.
    const byDefault: CodeMeaning = answer.status < 300 ? { reason: 'content' } : {};
    return refusalFromAnswer(answer, now, { ...byDefault, ...findSmslocalCode(refused[0]?.code) });
  }
  if (taken.length === 0 || answer.status >= 400) return refusalFromAnswer(answer, now);
  // Some parts were accepted and some not: the phone gets an incomplete message. The outcome is unknown, so that the
  // route decides on a resend; `accepted` would hide it, and a refusal would resend it without that decision.
  if (taken.length < parts.length) return refusalFromAnswer(answer, now, { reason: 'unknown_outcome', code: 'PARTLY_TAKEN' });

  const ids = [...new Set(taken.map(({ id }) => id))].filter((id) => id !== undefined);
  const [providerMessageId] = ids;
  return {
    kind: 'accepted',
    ...(providerMessageId === undefined ? {} : { providerMessageId }),
    ...(ids.length > 1 && ids.length <= MOST_PARTS ? { partIds: ids } : {}),
    ...(Array.isArray(body) ? { segments: parts.length } : {}),
  };
}

function readPart(value: unknown): Part {
  if (typeof value !== 'object' || value === null) return { id: undefined, code: undefined };
  const { errorCode, errorcode, id, msgid } = value as Readonly<Record<string, unknown>>;
  return { id: readMessageId(id ?? msgid), code: safeCode(errorCode ?? errorcode) };
}

const QUARTER_MS = 15 * 60_000;

/** Codes of an accepted part. The live service returns 200, the newer pages document 0. https://www.smslocal.com/developer */
const SMSLOCAL_YES: ReadonlySet<string> = new Set(['200', '0']);

/** Numeric bodies of the vendor's older API: https://smslocal.com/?p=78464 */
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
 * Classifies the `errorcode` of a part that was not accepted. There is no published list; the known codes repeat HTTP
 * statuses.
 */
function findSmslocalCode(value: unknown): CodeMeaning {
  const code = safeCode(value);
  if (code === undefined) return {};
  return /^[45]\d\d$/.test(code) ? { reason: reasonForStatus(Number(code)), code } : { code, unlisted: true };
}
