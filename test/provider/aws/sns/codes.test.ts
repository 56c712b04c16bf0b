import { expect, it } from 'vitest';
import { classifySns, SNS_CODES } from '../../../../src/provider/aws/sns/codes.ts';

const NOW = new Date('2026-11-20T03:00:00.000Z');
const inMs = (ms: number) => new Date(NOW.getTime() + ms);

/** `error` as the SDK throws it. */
function classify(status: number, error: unknown, headers: Readonly<Record<string, string>> = {}) {
  return classifySns({ kind: 'answer', status, headers, body: '' }, error, NOW).error;
}

const ROWS: readonly [number, string, string][] = [
  [403, 'InvalidClientTokenId', 'auth'],
  [400, 'UnrecognizedClientException', 'auth'],
  [403, 'SignatureDoesNotMatch', 'auth'],
  [400, 'InvalidSignatureException', 'auth'],
  [400, 'IncompleteSignature', 'auth'],
  [400, 'IncompleteSignatureException', 'auth'],
  [403, 'MissingAuthenticationToken', 'auth'],
  [400, 'MissingAuthenticationTokenException', 'auth'],
  [403, 'ExpiredToken', 'auth'],
  [403, 'ExpiredTokenException', 'auth'],
  [400, 'RequestExpired', 'auth'],
  [403, 'AccessDenied', 'auth'],
  [400, 'AccessDeniedException', 'auth'],
  [400, 'NotAuthorized', 'auth'],
  [403, 'OptInRequired', 'auth'],
  [403, 'AuthorizationError', 'auth'],
  [403, 'InvalidSecurity', 'auth'],
  [404, 'NotFound', 'auth'],
  [400, 'UserError', 'content'],
  [400, 'KMSAccessDenied', 'auth'],
  [400, 'KMSDisabled', 'auth'],
  [400, 'KMSInvalidState', 'auth'],
  [400, 'KMSNotFound', 'auth'],
  [403, 'KMSOptInRequired', 'auth'],
  [400, 'EndpointDisabled', 'auth'],
  [400, 'PlatformApplicationDisabled', 'auth'],
  [400, 'OptedOut', 'opted_out'],
  [400, 'ValidationError', 'content'],
  [400, 'ValidationException', 'content'],
  [400, 'InvalidParameter', 'content'],
  [400, 'ParameterValueInvalid', 'content'],
  [400, 'InvalidParameterValue', 'content'],
  [400, 'InvalidParameterCombination', 'content'],
  [400, 'Throttling', 'throttled'],
  [400, 'ThrottlingException', 'throttled'],
  [429, 'Throttled', 'throttled'],
  [429, 'ThrottledException', 'throttled'],
  [400, 'RequestThrottled', 'throttled'],
  [400, 'RequestThrottledException', 'throttled'],
  [503, 'RequestLimitExceeded', 'throttled'],
  [429, 'TooManyRequestsException', 'throttled'],
  [509, 'BandwidthLimitExceeded', 'throttled'],
  [503, 'SlowDown', 'throttled'],
  [400, 'KMSThrottling', 'throttled'],
  [500, 'InternalError', 'unknown_outcome'],
  [500, 'InternalFailure', 'unknown_outcome'],
  [503, 'ServiceUnavailable', 'unknown_outcome'],
  [503, 'ServiceUnavailableException', 'unknown_outcome'],
];

it.each(ROWS)('HTTP %i with %s is %s', (status, Code, reason) => {
  expect(classify(status, { Code, message: 'said by SNS' })).toMatchObject({ reason, code: Code, status, unlisted: false });
});

it('every row of the table is tested above', () => {
  expect(ROWS.map(([, code]) => code).sort()).toEqual([...SNS_CODES.keys()].sort());
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
])('HTTP %i with a code we never heard of is %s, and says that it is not listed', (status, reason) => {
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
