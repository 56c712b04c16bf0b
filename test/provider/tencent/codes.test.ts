import { describe, expect, it } from 'vitest';
import { classifyTencent, TENCENT_CODES } from '../../../src/provider/tencent/codes.ts';
import { expectConsequence, type VendorRefusal } from '../../support/fixtures/vendor-refusal.ts';

const NOW = new Date('2026-11-20T03:00:00.000Z');
const HOUR_MS = 3_600_000;

function classify(code: unknown, status = 200, headers: Readonly<Record<string, string>> = {}) {
  return classifyTencent({ kind: 'answer', status, headers, body: '' }, code, NOW).error;
}

const status = (what: string, code: string, consequence: VendorRefusal[3]): VendorRefusal<string> => [what, 200, code, consequence];

it.each<VendorRefusal<string>>([
  status('a wrong key', 'AuthFailure.SecretIdNotFound', { reason: 'auth', failover: true, retry: true }),
  status('clocks that are more than five minutes apart', 'AuthFailure.SignatureExpire', { reason: 'auth', failover: true, retry: true }),
  status('a template of the marketing kind', 'UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny', {
    ...{ reason: 'auth', failover: true, retry: true, onlyThisMessage: true },
  }),
  status('an account without money', 'FailedOperation.InsufficientBalanceInSmsPackage', { reason: 'balance', failover: true, retry: true }),
  status('a number that is none', 'InvalidParameterValue.IncorrectPhoneNumber', { reason: 'recipient', failover: false, retry: false }),
  status('a country that Tencent does not serve, which another vendor may', 'UnsupportedOperation.UnsuportedRegion', {
    ...{ reason: 'recipient', failover: true, retry: false },
  }),
  status('a do-not-disturb list, which is no opt-out', 'FailedOperation.PhoneNumberInBlacklist', {
    ...{ reason: 'recipient', failover: true, retry: false },
  }),
  status('a template that is not approved', 'FailedOperation.TemplateIncorrectOrUnapproved', {
    ...{ reason: 'content', failover: true, retry: false },
  }),
  status('too many texts to one number', 'LimitExceeded.PhoneNumberThirtySecondLimit', {
    ...{ reason: 'throttled', failover: true, retry: true, onlyThisMessage: true, waitMs: 30_000 },
  }),
  // 11:00 in Beijing.
  status('the day of one number', 'LimitExceeded.PhoneNumberDailyLimit', {
    ...{ reason: 'throttled', failover: true, retry: true, onlyThisMessage: true, waitMs: 13 * HOUR_MS },
  }),
  status('the day of the account', 'LimitExceeded.AppDailyLimit', {
    ...{ reason: 'throttled', failover: true, retry: true, waitMs: 13 * HOUR_MS },
  }),
  status('marketing at night', 'FailedOperation.MarketingSendTimeConstraint', {
    ...{ reason: 'throttled', failover: true, retry: true, onlyThisMessage: true, waitMs: 21 * HOUR_MS },
  }),
  status('too many requests', 'RequestLimitExceeded', { reason: 'throttled', failover: true, retry: true, waitMs: 1_000 }),
  status('a service that is down', 'ResourceUnavailable', { reason: 'unavailable', failover: true, retry: true }),
  status('an error behind the API, after which the text may go out', 'InternalError.SendAndRecvFail', {
    ...{ reason: 'unknown_outcome', failover: false, retry: false },
  }),
])('%s (HTTP %i: %s)', (_what, _status, code, consequence) => {
  expectConsequence(classify(code), consequence, NOW);
  expect(classify(code)).toMatchObject({ code, status: 200 });
});

it('only what throttles says when to come back', () => {
  for (const [code, { reason, wait }] of TENCENT_CODES) {
    expect({ code, waits: wait !== undefined }).toEqual({ code, waits: reason === 'throttled' });
  }
});

it('a Retry-After says more than the table', () => {
  const { retryAt } = classify('RequestLimitExceeded', 200, { 'retry-after': '7' });
  expect(retryAt).toEqual(new Date(NOW.getTime() + 7_000));
});

describe('a code that the table does not hold', () => {
  it.each([
    ['AuthFailure.SomethingNew', 'auth'],
    ['UnauthorizedOperation.SomethingNew', 'auth'],
    ['LimitExceeded.SomethingNew', 'throttled'],
    ['RequestLimitExceeded.SomethingNew', 'throttled'],
    ['InternalError.SomethingNew', 'unknown_outcome'],
    ['FailedOperation.SomethingNew', 'content'],
    ['InvalidParameter.SomethingNew', 'content'],
    ['InvalidParameterValue.SomethingNew', 'content'],
    ['MissingParameter.SomethingNew', 'content'],
    ['UnsupportedOperation.SomethingNew', 'content'],
    ['UnknownParameter.SomethingNew', 'content'],
    ['SomethingNew', 'content'],
    ['constructor', 'content'],
  ])('follows its family: %s is %s, and counted', (code, reason) => {
    expect(classify(code)).toMatchObject({ reason, code, unlisted: true });
  });

  it('follows its status where its family is not known either', () => {
    expect(classify('SomethingNew', 400)).toMatchObject({ reason: 'content', unlisted: true });
    expect(classify('SomethingNew', 403)).toMatchObject({ reason: 'auth', unlisted: true });
  });

  it.each(['+60123456789', 'FailedOperation.60123456789', 'no such template', 'A'.repeat(81)])(
    'is not shown when it is no plain code: %s',
    (code) => {
      expect(classify(code)).toMatchObject({ code: undefined, unlisted: true });
    },
  );
});

it.each([undefined, null, '', 7, {}, []])('%j is no code', (code) => {
  expect(classify(code)).toMatchObject({ reason: 'unknown_outcome', code: undefined, unlisted: false });
});

it('believes a known code whatever the status, but not in a redirect; an unknown one not in a 5xx', () => {
  const code = 'FailedOperation.PhoneNumberInBlacklist';
  for (const status of [200, 400, 500, 503]) expect(classify(code, status)).toMatchObject({ reason: 'recipient', code, status });
  expect(classify(code, 301)).toMatchObject({ reason: 'unknown_outcome', code });
  expect(classify('SomethingNew', 503)).toMatchObject({ reason: 'unknown_outcome', unlisted: true });
});
