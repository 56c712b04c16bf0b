import { expect, it } from 'vitest';
import { classifySns } from '../../../../src/provider/aws/sns/codes.ts';
import { expectConsequence, type VendorRefusal } from '../../../support/fixtures/vendor-refusal.ts';

const NOW = new Date('2026-11-20T03:00:00.000Z');
const inMs = (ms: number) => new Date(NOW.getTime() + ms);

/** `error` as the SDK throws it. */
function classify(status: number, error: unknown, headers: Readonly<Record<string, string>> = {}) {
  return classifySns({ kind: 'answer', status, headers, body: '' }, error, NOW).error;
}

it.each<VendorRefusal<{ readonly Code: string; readonly message: string }>>([
  [
    'a wrong key',
    403,
    { Code: 'InvalidClientTokenId', message: 'The security token included in the request is invalid.' },
    { reason: 'auth', failover: true, retry: true },
  ],
  [
    'a key without the right',
    403,
    { Code: 'AuthorizationError', message: 'User is not authorized to perform: SNS:Publish' },
    { reason: 'auth', failover: true, retry: true },
  ],
  [
    'a number that is none',
    400,
    { Code: 'InvalidParameter', message: 'Invalid parameter: PhoneNumber Reason: +6012 is not valid to publish to' },
    { reason: 'recipient', failover: false, retry: false },
  ],
  [
    'a recipient who opted out',
    400,
    { Code: 'OptedOut', message: 'Invalid parameter: phone number is opted out' },
    { reason: 'opted_out', failover: false, retry: false },
  ],
  [
    'a text that is too long',
    400,
    { Code: 'InvalidParameter', message: 'Invalid parameter: Message too long' },
    { reason: 'content', failover: true, retry: false },
  ],
  [
    'too many requests',
    400,
    { Code: 'Throttling', message: 'Rate exceeded' },
    { reason: 'throttled', failover: true, retry: true, waitMs: 1_000 },
  ],
  [
    'an internal error, after which the text may go out',
    500,
    { Code: 'InternalError', message: 'internal error' },
    { reason: 'unknown_outcome', failover: false, retry: false },
  ],
])('%s (HTTP %i)', (_what, status, error, consequence) => {
  expectConsequence(classify(status, error), consequence, NOW);
  expect(classify(status, error).code).toBe(error.Code);
});

it.each([
  ['InvalidParameter', 'Invalid parameter: PhoneNumber Reason: +6012 is not valid to publish to', 'recipient'],
  ['ParameterValueInvalid', 'Invalid parameter value: PhoneNumber', 'recipient'],
  ['InvalidParameter', 'Invalid parameter: Message too long', 'content'],
  ['InvalidParameter', 'Invalid parameter: SenderID Reason: PhoneNumber of it', 'content'],
  ['InvalidParameter', undefined, 'content'],
  ['AuthorizationError', 'Invalid parameter: PhoneNumber Reason: …', 'auth'],
])('%s is about what its message names first: "%s" is %s', (Code, message, reason) => {
  expect(classify(400, { Code, message })).toMatchObject({ reason, code: Code });
});

it.each([
  [400, 'content'],
  [401, 'auth'],
  [403, 'auth'],
  [404, 'auth'],
  [429, 'throttled'],
  [500, 'unknown_outcome'],
  [503, 'unknown_outcome'],
])('HTTP %i with an unlisted code is %s, and reported as unlisted', (status, reason) => {
  expect(classify(status, { Code: 'SomethingNew' })).toMatchObject({ reason, code: 'SomethingNew', unlisted: true });
});

it.each([
  ['a parse error of the SDK', new Error('XML parse error')],
  ['nothing', undefined],
  ['no code', { message: 'x' }],
  ['an empty code', { Code: '' }],
  ['a code that is no text', { Code: {} }],
])('a 400 with %s is about the content, for all we know', (_what, error) => {
  expect(classify(400, error)).toMatchObject({ reason: 'content', code: undefined, unlisted: false });
});

it('a code with a phone number in it is not shown', () => {
  expect(classify(400, { Code: 'No60123456789' })).toMatchObject({ code: undefined, unlisted: true });
});

it('a known code is a refusal whatever the status, but not in a redirect', () => {
  for (const status of [200, 500, 503]) expect(classify(status, { Code: 'InvalidParameter' }).reason).toBe('content');
  expect(classify(503, { Code: 'Throttling' }).reason).toBe('throttled');
  expect(classify(302, { Code: 'InvalidParameter' }).reason).toBe('unknown_outcome');
});

it.each([
  ['nothing', {}, 1_000],
  ['Retry-After', { 'retry-after': '30' }, 30_000],
  ['x-amz-retry-after', { 'x-amz-retry-after': '2500' }, 2_500],
  ['x-amz-retry-after of a month', { 'x-amz-retry-after': '2592000000' }, 86_400_000],
  ['x-amz-retry-after of no sense', { 'x-amz-retry-after': 'soon' }, 1_000],
])('comes back after a throttle when AWS says so: %s', (_what, headers, waitMs) => {
  expect(classify(400, { Code: 'Throttling' }, headers).retryAt).toEqual(inMs(waitMs));
});

it('waits as asked after a bare 429, which says no code', () => {
  expect(classify(429, undefined, { 'x-amz-retry-after': '700' }).retryAt).toEqual(inMs(700));
  expect(classify(429, undefined).retryAt).toBeUndefined();
});
