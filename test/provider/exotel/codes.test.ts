import { expect, it } from 'vitest';
import { classifyExotel, isDuplicate } from '../../../src/provider/exotel/codes.ts';
import { expectConsequence, type VendorRefusal } from '../../support/fixtures/vendor-refusal.ts';

const NOW = new Date('2026-11-20T03:00:00.000Z');
const inMs = (ms: number) => new Date(NOW.getTime() + ms);

function classify(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  return classifyExotel({ kind: 'answer', status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }, NOW).error;
}
const rest = (status: number, code?: unknown) => ({ RestException: { Status: status, Message: 'said by Exotel', Code: code } });

const json = (what: string, status: number, code: number | string, Message: string, consequence: VendorRefusal[3]): VendorRefusal => [
  what,
  status,
  { RestException: { Status: status, Message, Code: code } },
  consequence,
];

it.each<VendorRefusal>([
  json('wrong credentials', 401, 'UNAUTHORIZED', 'Authentication failed', { reason: 'auth', failover: true, retry: true }),
  json('a country that the account may not text', 403, 40003, 'Country not allowed', {
    ...{ reason: 'auth', failover: true, retry: true, onlyThisMessage: true },
  }),
  json('a trial account and a number outside its white list', 403, 340030, 'Number not whitelisted', {
    ...{ reason: 'auth', failover: true, retry: true, onlyThisMessage: true },
  }),
  json('an account without money', 403, 40001, 'Insufficient balance', { reason: 'balance', failover: true, retry: true }),
  json('a number that is none', 400, 40203, 'All To numbers are invalid', { reason: 'recipient', failover: false, retry: false }),
  json('an empty text', 400, 40200, 'Body is empty', { reason: 'content', failover: true, retry: false }),
  json('too many requests', 429, 'RATE_LIMIT_EXCEEDED', 'Slow down', { reason: 'throttled', failover: true, retry: true, waitMs: 30_000 }),
  json('a trial account that has sent its ten texts', 429, 40404, 'Trial limit', {
    ...{ reason: 'throttled', failover: true, retry: true, waitMs: 3_600_000 },
  }),
])('%s (HTTP %i)', (_what, status, body, consequence) => {
  expectConsequence(classify(status, body), consequence, NOW);
});

it.each([
  [400, 'content'],
  [401, 'auth'],
  [402, 'balance'],
  [403, 'auth'],
  [404, 'auth'],
  [405, 'auth'],
  [408, 'unknown_outcome'],
  [429, 'throttled'],
  [500, 'unknown_outcome'],
  [502, 'unknown_outcome'],
  [503, 'throttled'],
])('HTTP %i without a code is %s, in JSON, XML or nothing at all', (status, reason) => {
  const xml = `<?xml version="1.0"?><TwilioResponse><RestException><Status>${status}</Status></RestException></TwilioResponse>`;
  for (const body of [rest(status), xml, '', 'null', '{"RestException":null}', '[]']) {
    expect(classify(status, body)).toMatchObject({ reason, code: undefined, status, unlisted: false });
  }
});

it('counts a code that it does not know, and follows the status', () => {
  expect(classify(400, rest(400, 49999))).toMatchObject({ reason: 'content', code: '49999', unlisted: true });
  expect(classify(403, rest(403, 'NEW_WORD'))).toMatchObject({ reason: 'auth', code: 'NEW_WORD', unlisted: true });
});

it('takes a 400 without a code for the number where it says so, else for the rest', () => {
  const said = (Message: string) => classify(400, JSON.stringify({ RestException: { Status: 400, Message } }));
  expect(said('Invalid Recipient')).toMatchObject({ reason: 'recipient' });
  expect(said('Invalid Parameters')).toMatchObject({ reason: 'content' });
});

it('reads the code of an error in XML', () => {
  const xml = '<TwilioResponse>\n<RestException><Status>403</Status><Code>40001</Code></RestException></TwilioResponse>';
  expect(classify(403, xml)).toMatchObject({ reason: 'balance', code: '40001' });
});

it('a known code is a refusal whatever the status, but not in a redirect', () => {
  for (const status of [200, 202, 408, 500, 502]) {
    expect(classify(status, rest(status, 40203))).toMatchObject({ reason: 'recipient', code: '40203', unlisted: false });
  }
  expect(classify(302, rest(302, 40203))).toMatchObject({ reason: 'unknown_outcome', code: '40203', unlisted: false });
});

it('an exception inside a 2xx is a refusal by its own status', () => {
  expect(classify(200, rest(401))).toMatchObject({ reason: 'auth' });
  expect(classify(202, rest(400, 49999))).toMatchObject({ reason: 'content', code: '49999', unlisted: true });
  expect(classify(200, JSON.stringify({ RestException: { Message: 'no' } }))).toMatchObject({ reason: 'content' });
  expect(classify(200, '<TwilioResponse><RestException><Status>402</Status></RestException></TwilioResponse>')).toMatchObject({
    reason: 'balance',
  });
});

it.each([
  ['a bare 409', 409, '', true],
  ['a 409 with a word for it', 409, rest(409, 'CONFLICT'), true],
  ['a 409 with a code that says another reason', 409, rest(409, 40001), false],
  ['any other status', 400, rest(400), false],
])('%s is a duplicate of a text that was taken: %s', (_what, status, body, duplicate) => {
  expect(isDuplicate({ kind: 'answer', status, headers: {}, body: typeof body === 'string' ? body : JSON.stringify(body) })).toBe(
    duplicate,
  );
});

it('waits half a minute when throttled, or as long as Exotel says', () => {
  expect(classify(429, rest(429)).retryAt).toEqual(inMs(30_000));
  expect(classify(503, rest(503, 40405)).retryAt).toEqual(inMs(30_000));
  expect(classify(429, rest(429, 40404)).retryAt).toEqual(inMs(3_600_000));
  expect(classify(429, rest(429, 40402), { 'retry-after': '7' }).retryAt).toEqual(inMs(7_000));
});

it('shows no code that may be a phone number', () => {
  expect(classify(400, rest(400, '60123456789')).code).toBeUndefined();
});
