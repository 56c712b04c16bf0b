import { describe, expect, it } from 'vitest';
import { classifyTencent, TENCENT_CODES } from '../../../src/provider/tencent/codes.ts';

const NOW = new Date('2026-11-20T03:00:00.000Z');
const HOUR_MS = 3_600_000;

function classify(code: unknown, status = 200, headers: Readonly<Record<string, string>> = {}) {
  return classifyTencent({ kind: 'answer', status, headers, body: '' }, code, NOW).error;
}

/** Row by row: code, reason, whether another provider may try, and for how long Tencent wants to be left alone. */
const ROWS: readonly (readonly [code: string, reason: string, failover: boolean, waitMs?: number])[] = [
  ['AuthFailure.InvalidAuthorization', 'auth', true],
  ['AuthFailure.InvalidSecretId', 'auth', true],
  ['AuthFailure.MFAFailure', 'auth', true],
  ['AuthFailure.SecretIdNotFound', 'auth', true],
  ['AuthFailure.SignatureExpire', 'auth', true],
  ['AuthFailure.SignatureFailure', 'auth', true],
  ['AuthFailure.TokenFailure', 'auth', true],
  ['AuthFailure.UnauthorizedOperation', 'auth', true],
  ['UnauthorizedOperation', 'auth', true],
  ['UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny', 'auth', true],
  ['UnauthorizedOperation.RequestIpNotInWhitelist', 'auth', true],
  ['UnauthorizedOperation.RequestPermissionDeny', 'auth', true],
  ['UnauthorizedOperation.SdkAppIdIsDisabled', 'auth', true],
  ['UnauthorizedOperation.SmsSdkAppIdVerifyFail', 'auth', true],
  ['InvalidParameter.AppidAndBizId', 'auth', true],
  ['InvalidParameterValue.SdkAppIdNotExist', 'auth', true],
  ['InternalError.RequestTimeException', 'auth', true],
  ['InternalError.RestApiInterfaceNotExist', 'auth', true],
  ['InternalError.SigFieldMissing', 'auth', true],
  ['InternalError.SigVerificationFail', 'auth', true],
  ['IpInBlacklist', 'auth', true],
  ['IpNotInWhitelist', 'auth', true],
  ['ActionOffline', 'auth', true],
  ['InvalidAction', 'auth', true],
  ['NoSuchProduct', 'auth', true],
  ['NoSuchVersion', 'auth', true],
  ['UnsupportedProtocol', 'auth', true],
  ['UnsupportedRegion', 'auth', true],
  ['FailedOperation.InsufficientBalanceInSmsPackage', 'balance', true],
  ['UnauthorizedOperation.SerivceSuspendDueToArrears', 'balance', true],
  ['InvalidParameterValue.IncorrectPhoneNumber', 'recipient', false],
  ['UnsupportedOperation.UnsuportedRegion', 'recipient', true],
  ['FailedOperation.PhoneNumberInBlacklist', 'recipient', true],
  ['FailedOperation.ContainSensitiveWord', 'content', true],
  ['FailedOperation.FailResolvePacket', 'content', true],
  ['FailedOperation.JsonParseFail', 'content', true],
  ['FailedOperation.MissingSignature', 'content', true],
  ['FailedOperation.OtherError', 'content', true],
  ['FailedOperation.ParametersOtherError', 'content', true],
  ['FailedOperation.SignatureIncorrectOrUnapproved', 'content', true],
  ['FailedOperation.TemplateIncorrectOrUnapproved', 'content', true],
  ['InternalError.JsonParseFail', 'content', true],
  ['InvalidParameter', 'content', true],
  ['InvalidParameter.DirtyWordFound', 'content', true],
  ['InvalidParameter.InvalidParameters', 'content', true],
  ['InvalidParameterValue', 'content', true],
  ['InvalidParameterValue.ContentLengthLimit', 'content', true],
  ['InvalidParameterValue.InvalidTemplateFormat', 'content', true],
  ['InvalidParameterValue.ProhibitedUseUrlInTemplateParameter', 'content', true],
  ['InvalidParameterValue.TemplateParameterFormatError', 'content', true],
  ['InvalidParameterValue.TemplateParameterLengthLimit', 'content', true],
  ['InvalidParameterValue.TemplateWithDirtyWords', 'content', true],
  ['InvalidRequest', 'content', true],
  ['LimitExceeded.PhoneNumberCountLimit', 'content', true],
  ['MissingParameter', 'content', true],
  ['MissingParameter.EmptyPhoneNumberSet', 'content', true],
  ['RequestSizeLimitExceeded', 'content', true],
  ['UnknownParameter', 'content', true],
  ['UnsupportedOperation', 'content', true],
  ['UnsupportedOperation.', 'content', true],
  ['UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber', 'content', true],
  ['LimitExceeded.PhoneNumberThirtySecondLimit', 'throttled', true, 30_000],
  ['LimitExceeded.DeliveryFrequencyLimit', 'throttled', true, 30_000],
  ['LimitExceeded.PhoneNumberOneHourLimit', 'throttled', true, HOUR_MS],
  // 11:00 in Beijing.
  ['LimitExceeded.PhoneNumberDailyLimit', 'throttled', true, 13 * HOUR_MS],
  ['LimitExceeded.PhoneNumberSameContentDailyLimit', 'throttled', true, 13 * HOUR_MS],
  ['LimitExceeded.AppDailyLimit', 'throttled', true, 13 * HOUR_MS],
  ['LimitExceeded.DailyLimit', 'throttled', true, 13 * HOUR_MS],
  ['FailedOperation.MarketingSendTimeConstraint', 'throttled', true, 21 * HOUR_MS],
  ['LimitExceeded', 'throttled', true, 60_000],
  ['RequestLimitExceeded', 'throttled', true, 1_000],
  ['RequestLimitExceeded.GlobalRegionUinLimitExceeded', 'throttled', true, 1_000],
  ['RequestLimitExceeded.IPLimitExceeded', 'throttled', true, 1_000],
  ['RequestLimitExceeded.UinLimitExceeded', 'throttled', true, 1_000],
  ['ResourceInsufficient', 'unavailable', true],
  ['ResourceUnavailable', 'unavailable', true],
  ['ServiceUnavailable', 'unavailable', true],
  ['InternalError', 'unknown_outcome', false],
  ['InternalError.OtherError', 'unknown_outcome', false],
  ['InternalError.SendAndRecvFail', 'unknown_outcome', false],
  ['InternalError.Timeout', 'unknown_outcome', false],
  ['InternalError.UnknownError', 'unknown_outcome', false],
  ['ResponseSizeLimitExceeded', 'unknown_outcome', false],
];

for (const [code, reason, failover, waitMs] of ROWS) {
  it(`${code} is ${reason}`, () => {
    const retryAt = waitMs === undefined ? undefined : new Date(NOW.getTime() + waitMs);
    expect(classify(code)).toMatchObject({ reason, failover, code, status: 200, retryAt, unlisted: false });
  });
}

it('has no row that is not tested', () => {
  expect([...TENCENT_CODES.keys()].sort()).toEqual(ROWS.map(([code]) => code).sort());
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
