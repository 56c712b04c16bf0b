import { readJson, readMessageId, readSegments } from '../../http-client/read-answer.ts';
import type { HttpAnswer } from '../../http-client/transport.ts';
import type { Accepted, Refused } from '../contract/provider.ts';
import { classifyTwilio, refusalOfFailedText } from './codes.ts';
import { stateOf } from './message-status.ts';

/** The fields that are read of https://www.twilio.com/docs/messaging/api/message-resource#message-properties */
interface Resource {
  readonly sid?: unknown;
  readonly status?: unknown;
  readonly error_code?: unknown;
  readonly num_segments?: unknown;
}

/**
 * What Twilio said to a send. It accepts a text by a resource with a SID; one whose resource is already `failed`, or
 * carries an error code, was refused by that code.
 */
export function readTwilioAnswer(answer: HttpAnswer, now: Date): Accepted | Refused {
  if (answer.status < 200 || answer.status >= 300) return classifyTwilio(answer, now);
  const { sid, status, error_code, num_segments } = (readJson(answer.body) ?? {}) as Resource;
  const providerMessageId = readMessageId(sid);
  if (providerMessageId === undefined) return classifyTwilio(answer, now);
  const state = typeof status === 'string' ? stateOf(status) : 'pending';
  if (state === 'undelivered' || (state === 'pending' && isErrorCode(error_code))) return refusalOfFailedText(answer, now, error_code);
  // A Messaging Service answers "0": it has not chosen a sender yet, and so has not counted.
  const segments = readSegments(num_segments);
  return { kind: 'accepted', providerMessageId, ...(segments === undefined ? {} : { segments }) };
}

/** `null` in a text without an error; a whole number, or one in digits, in one with. */
function isErrorCode(value: unknown): boolean {
  return (typeof value === 'number' || typeof value === 'string') && /^[1-9]\d*$/.test(String(value));
}
