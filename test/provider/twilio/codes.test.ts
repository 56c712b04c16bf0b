import { expect, it } from 'vitest';
import { classifyTwilio, deliveryReason, TWILIO_CODES } from '../../../src/provider/twilio/codes.ts';
import { expectConsequence, type VendorRefusal } from '../../support/fixtures/vendor-refusal.ts';

const NOW = new Date('2026-11-20T03:00:00.000Z');
const inMs = (ms: number) => new Date(NOW.getTime() + ms);

function classify(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  return classifyTwilio({ kind: 'answer', status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }, NOW).error;
}

const said = (status: number, code: number, message: string) => ({
  code,
  message,
  more_info: `https://www.twilio.com/docs/errors/${code}`,
  status,
});
const row = (what: string, status: number, code: number, message: string, consequence: VendorRefusal[3]): VendorRefusal => [
  what,
  status,
  said(status, code, message),
  consequence,
];

it.each<VendorRefusal>([
  row('wrong credentials', 401, 20003, 'Authenticate', { reason: 'auth', failover: true, retry: true }),
  row('an account without money', 403, 10001, 'Account is not active', { reason: 'auth', failover: true, retry: true }),
  row('a country that the account may not text', 400, 21408, 'Permission to send an SMS has not been enabled for the region', {
    ...{ reason: 'auth', failover: true, retry: true, onlyThisMessage: true },
  }),
  row('a trial account and a number that is not verified', 400, 21608, 'The number is unverified. Trial accounts cannot send messages', {
    ...{ reason: 'auth', failover: true, retry: true, onlyThisMessage: true },
  }),
  row('a number that is none', 400, 21211, "The 'To' number is not a valid phone number.", {
    ...{ reason: 'recipient', failover: false, retry: false },
  }),
  row('a landline', 400, 21614, "'To' number is not a valid mobile number", { reason: 'recipient', failover: false, retry: false }),
  row('no route to the number, which another vendor may have', 400, 21612, "The 'To' phone number is not currently reachable via SMS", {
    ...{ reason: 'recipient', failover: true, retry: false },
  }),
  row('a recipient who replied STOP', 400, 21610, 'Attempt to send to unsubscribed recipient', {
    ...{ reason: 'opted_out', failover: false, retry: false },
  }),
  row('a text that is too long', 400, 21617, 'The concatenated message body exceeds the 1600 character limit.', {
    ...{ reason: 'content', failover: true, retry: false },
  }),
  row('too many requests', 429, 20429, 'Too Many Requests', { reason: 'throttled', failover: true, retry: true, waitMs: 1_000 }),
  row('a queue that is full', 400, 21611, "This 'From' number has exceeded the maximum number of queued messages", {
    ...{ reason: 'throttled', failover: true, retry: true, waitMs: 900_000 },
  }),
  row('maintenance', 503, 21730, 'Scheduled maintenance', { reason: 'unavailable', failover: true, retry: true, waitMs: 60_000 }),
  row('an internal error, after which the text may go out', 500, 20500, 'Internal Server Error', {
    ...{ reason: 'unknown_outcome', failover: false, retry: false },
  }),
])('%s (HTTP %i)', (_what, status, body, consequence) => {
  expectConsequence(classify(status, body), consequence, NOW);
  expect(classify(status, body).code).toBe(String((body as { code: number }).code));
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

it.each([
  ['the handset is out of reach', 30003, 'recipient'],
  ['the carrier filtered it', 30007, 'content'],
  ['the US number belongs to no registered campaign', 30034, 'auth'],
  ['it cost more than MaxPrice', 30010, 'balance'],
  ['it waited for longer than its validity period', 30036, 'throttled'],
  ['the carrier does not say why', 30008, 'unavailable'],
  ['the recipient opted out after it was accepted', 21610, 'opted_out'],
  ['its link domain is not set up, which no row names', 30130, 'auth'],
  ['the toll-free number was rejected, which no row names', 30447, 'auth'],
])('an accepted message was not delivered: %s (%i)', (_what, code, reason) => {
  expect(deliveryReason(String(code))).toBe(reason);
});

it('a delivery code without documentation has no reason', () => {
  expect(deliveryReason('99999')).toBeUndefined();
  expect(deliveryReason(undefined)).toBeUndefined();
});
