import { expect, it } from 'vitest';
import { classifyTwilio, deliveryReason, TWILIO_CODES, TWILIO_DELIVERY_CODES } from '../../../src/provider/twilio/codes.ts';

const NOW = new Date('2026-11-20T03:00:00.000Z');
const inMs = (ms: number) => new Date(NOW.getTime() + ms);

function classify(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  return classifyTwilio({ kind: 'answer', status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }, NOW).error;
}

it.each([
  [401, 20003, 'auth'],
  [400, 21408, 'auth'],
  [400, 21608, 'auth'],
  [403, 10001, 'auth'],
  [400, 21212, 'auth'],
  [400, 21606, 'auth'],
  [404, 20404, 'auth'],
  [400, 30002, 'auth'],
  [400, 21211, 'recipient'],
  [400, 21614, 'recipient'],
  [400, 21635, 'recipient'],
  [400, 21265, 'recipient'],
  [400, 21610, 'opted_out'],
  [400, 21216, 'recipient'],
  [400, 21267, 'auth'],
  [400, 21401, 'auth'],
  [400, 21407, 'auth'],
  [400, 21616, 'auth'],
  [400, 21657, 'auth'],
  [400, 21703, 'auth'],
  [400, 21704, 'auth'],
  [503, 21702, 'unavailable'],
  [400, 21702, 'unavailable'],
  [400, 21730, 'unavailable'],
  [409, 20162, 'unavailable'],
  [409, 20409, 'unavailable'],
  [400, 21602, 'content'],
  [400, 21617, 'content'],
  [429, 20429, 'throttled'],
  [400, 21611, 'throttled'],
  [429, 63038, 'throttled'],
  [400, 60728, 'throttled'],
  [400, 63017, 'throttled'],
  [500, 20500, 'unknown_outcome'],
  [503, 20503, 'unknown_outcome'],
])('HTTP %i with %i is %s', (status, code, reason) => {
  const error = classify(status, { code, message: 'said by Twilio', more_info: '', status });
  expect(error).toMatchObject({ reason, code: String(code), status, unlisted: false });
});

it('21612 blames the number, but another vendor may have a route to it', () => {
  expect(classify(400, { code: 21612 })).toMatchObject({ reason: 'recipient', failover: true, retry: false });
  expect(classify(400, { code: 21211 })).toMatchObject({ reason: 'recipient', failover: false, retry: false });
});

it('reads the problem details of newer APIs, and a code given as text', () => {
  expect(classify(400, { type: 'about:blank', title: 'Unsubscribed', status: 400, code: 21610, detail: '' }).reason).toBe('opted_out');
  expect(classify(400, { code: '21610' }).reason).toBe('opted_out');
});

it.each([
  [400, 99_999, 'content'],
  [401, 99_999, 'auth'],
  [404, 99_999, 'auth'],
  [429, 99_999, 'throttled'],
  [500, 99_999, 'unknown_outcome'],
  [200, 99_999, 'content'],
  [400, 21_799, 'auth'],
  [400, 20_150, 'auth'],
  [400, 10_050, 'auth'],
])('HTTP %i with %i, which no table holds, is %s', (status, code, reason) => {
  expect(classify(status, { code })).toMatchObject({ reason, code: String(code), unlisted: true });
});

it.each([
  ['no code', {}],
  ['HTML', '<html>'],
  ['nothing', ''],
  ['null', 'null'],
  ['a list', '[]'],
  ['text', '"21211"'],
])('a 400 with %s is about the content, for all we know', (_what, body) => {
  expect(classify(400, body)).toMatchObject({ reason: 'content', code: undefined, status: 400, unlisted: false });
});

it('a known code is a refusal whatever the status, but not in a redirect', () => {
  for (const status of [200, 201, 500, 503]) expect(classify(status, { code: 21211 }).reason).toBe('recipient');
  expect(classify(503, { code: 21730 }).reason).toBe('unavailable');
  expect(classify(302, { code: 21211 }).reason).toBe('unknown_outcome');
});

it.each([
  [20429, 1_000],
  [63017, 1_000],
  [21611, 900_000],
  [60728, 900_000],
  [63038, 3_600_000],
])('%i comes back after %i ms, or when Twilio says', (code, waitMs) => {
  expect(classify(429, { code }).retryAt).toEqual(inMs(waitMs));
  expect(classify(429, { code }, { 'retry-after': '30' }).retryAt).toEqual(inMs(30_000));
});

it('every code of a limit or a pause says when to come back, and only those do', () => {
  for (const [code, { reason, retryAfterMs }] of TWILIO_CODES) {
    expect({ code, waits: retryAfterMs !== undefined }).toEqual({ code, waits: reason === 'throttled' || reason === 'unavailable' });
  }
});

const DELIVERY = [
  [30001, 'throttled'],
  [30002, 'auth'],
  [30003, 'recipient'],
  [30004, 'recipient'],
  [30005, 'recipient'],
  [30006, 'recipient'],
  [30007, 'content'],
  [30008, 'unavailable'],
  [30022, 'throttled'],
  [30023, 'throttled'],
  [30032, 'auth'],
  [30034, 'auth'],
  [30036, 'throttled'],
  [30410, 'unavailable'],
  [30450, 'throttled'],
  [30453, 'throttled'],
  [30010, 'balance'],
  [30011, 'recipient'],
  [30012, 'content'],
  [30013, 'content'],
  [30014, 'recipient'],
  [30015, 'auth'],
  [30016, 'auth'],
  [30017, 'throttled'],
  [30018, 'auth'],
  [30019, 'content'],
  [30020, 'unavailable'],
  [30021, 'unavailable'],
  [30024, 'auth'],
  [30027, 'throttled'],
  [30028, 'auth'],
  [30029, 'content'],
  [30030, 'content'],
  [30031, 'content'],
  [30033, 'auth'],
  [30035, 'auth'],
  [30038, 'content'],
  [30039, 'content'],
  [30042, 'auth'],
  [30110, 'content'],
  [30111, 'content'],
  [63009, 'unavailable'],
  [63010, 'unavailable'],
  [63012, 'unavailable'],
] as const;

it.each(DELIVERY)('a text that was taken and did not arrive for %i: %s', (code, reason) => {
  expect(deliveryReason(String(code))).toBe(reason);
});

it('every delivery code is examined above, and those of refusals may come after the acceptance too', () => {
  expect(TWILIO_DELIVERY_CODES.size).toBe(DELIVERY.length);
  expect(deliveryReason('21610')).toBe('opted_out');
  expect(deliveryReason('30130')).toBe('auth');
  expect(deliveryReason('30447')).toBe('auth');
  expect(deliveryReason('99999')).toBeUndefined();
  expect(deliveryReason(undefined)).toBeUndefined();
});
