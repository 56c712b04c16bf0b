import { readJson, readMessageId, readPrice, readSegments, safeCode } from '../../http-client/read-answer.ts';
import type { HttpAnswer } from '../../http-client/transport.ts';
import { type Finding, refusalFromAnswer } from '../contract/classify.ts';
import type { Accepted, Refused } from '../contract/provider.ts';
import { findUnismsCode } from './codes.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The vendor's own code decides, whatever the HTTP status. A `0` says that the call was right; whether the text was
 * taken stands with its entry in `data.messages`.
 * https://www.unimtx.com/docs/api/send
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

/** Not the vendor speaking. */
function isRedirect({ status }: HttpAnswer): boolean {
  return status >= 300 && status < 400;
}

/** A text that failed where the call did not. No page says where its code stands, or that it has one. */
function findFailure({ errorCode, code }: Fields): Finding {
  const found = findUnismsCode(errorCode ?? code, 200);
  return found.reason === undefined ? { reason: 'content', code: found.code ?? 'failed', unlisted: true } : found;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
