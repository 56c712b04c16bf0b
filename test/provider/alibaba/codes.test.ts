import { expect, it } from 'vitest';
import { ALIBABA_CODES, classifyAlibaba } from '../../../src/provider/alibaba/codes.ts';

/** 11:00 in Beijing. */
const NOW = new Date('2026-11-20T03:00:00.000Z');
const MIDNIGHT = new Date('2026-11-20T16:00:00.000Z');
const inMs = (ms: number) => new Date(NOW.getTime() + ms);

function classify(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}, now = NOW) {
  return classifyAlibaba({ kind: 'answer', status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }, now).error;
}

const ROWS: readonly (readonly [status: number, code: string, reason: string])[] = [
  [200, 'isv.ACCOUNT_NOT_EXISTS', 'auth'],
  [200, 'isv.ACCOUNT_ABNORMAL', 'auth'],
  [200, 'isv.SECURITY_FROZEN_ACCOUNT', 'auth'],
  [200, 'isv.PRODUCT_UN_SUBSCRIPT', 'auth'],
  [200, 'isv.PRODUCT_UNSUBSCRIBE', 'auth'],
  [200, 'isp.RAM_PERMISSION_DENY', 'auth'],
  [200, 'isv.DENY_IP_RANGE', 'auth'],
  [200, 'isv.SMS_TEST_NUMBER_LIMIT', 'auth'],
  [200, 'isv.AMOUNT_NOT_ENOUGH', 'balance'],
  [200, 'isv.OUT_OF_SERVICE', 'balance'],
  [200, 'isv.MOBILE_NUMBER_ILLEGAL', 'recipient'],
  [200, 'isv.DOMESTIC_NUMBER_NOT_SUPPORTED', 'recipient'],
  [200, 'isv.CUSTOMER_REFUSED', 'opted_out'],
  [200, 'isv.SMS_TEMPLATE_ILLEGAL', 'content'],
  [200, 'isv.SMS_SIGNATURE_ILLEGAL', 'content'],
  [200, 'isv.SMS_SIGNATURE_SCENE_ILLEGAL', 'content'],
  [200, 'isv.SMS_SIGN_ILLEGAL', 'content'],
  [200, 'isv.SIGN_NAME_ILLEGAL', 'content'],
  [200, 'isv.SIGN_STATE_ILLEGAL', 'content'],
  [200, 'isv.SIGN_SOURCE_ILLEGAL', 'content'],
  [200, 'SIGNATURE_BLACKLIST', 'content'],
  [200, 'isv.SMS_TEST_SIGN_TEMPLATE_LIMIT', 'content'],
  [200, 'isv.SMS_TEST_TEMPLATE_PARAMS_ILLEGAL', 'content'],
  [200, 'isv.EXTEND_CODE_ERROR', 'content'],
  [200, 'isv.ONE_CODE_MULTIPLE_SIGN', 'content'],
  [200, 'isv.CODE_EXCEED_LIMIT', 'content'],
  [200, 'isv.CODE_ERROR', 'content'],
  [200, 'isv.TEMPLATE_MISSING_PARAMETERS', 'content'],
  [200, 'isv.TEMPLATE_PARAMS_ILLEGAL', 'content'],
  [200, 'isv.INVALID_JSON_PARAM', 'content'],
  [200, 'isv.INVALID_PARAMETERS', 'content'],
  [200, 'isv.PARAM_LENGTH_LIMIT', 'content'],
  [200, 'isv.PARAM_NOT_SUPPORT_URL', 'content'],
  [200, 'isv.SMS_CONTENT_ILLEGAL', 'content'],
  [200, 'isv.SMS_CONTENT_MISMATCH_TEMPLATE_TYPE', 'content'],
  [200, 'isv.UNSUPPORTED_CONTENT', 'content'],
  [200, 'isv.BLACK_KEY_CONTROL_LIMIT', 'content'],
  [200, 'isv.MOBILE_COUNT_OVER_LIMIT', 'content'],
  [200, 'isv.BUSINESS_LIMIT_CONTROL', 'throttled'],
  [200, 'isv.DAY_LIMIT_CONTROL', 'throttled'],
  [200, 'isv.MONTH_LIMIT_CONTROL', 'throttled'],
  [200, 'isp.SYSTEM_ERROR', 'unknown_outcome'],
  [200, 'isp.GATEWAY_ERROR', 'unknown_outcome'],
  [404, 'InvalidAccessKeyId.NotFound', 'auth'],
  [403, 'InvalidAccessKeyId.Inactive', 'auth'],
  [400, 'InvalidAccessKeyId', 'auth'],
  [400, 'MissingAccessKeyId', 'auth'],
  [400, 'SignatureDoesNotMatch', 'auth'],
  [400, 'IncompleteSignature', 'auth'],
  [400, 'InvalidTimeStamp.Expired', 'auth'],
  [400, 'InvalidTimeStamp.Format', 'auth'],
  [404, 'InvalidVersion', 'auth'],
  [404, 'InvalidAction.NotFound', 'auth'],
  [403, 'NoPermission', 'auth'],
  [403, 'Forbidden.RAM', 'auth'],
  [400, 'Throttling', 'throttled'],
  [400, 'Throttling.User', 'throttled'],
  [503, 'Throttling.Api', 'throttled'],
  [400, 'SignatureNonceUsed', 'unknown_outcome'],
  [503, 'ServiceUnavailable', 'unknown_outcome'],
  [500, 'InternalError', 'unknown_outcome'],
];

it.each(ROWS)('HTTP %i with %s is %s', (status, code, reason) => {
  expect(classify(status, { Code: code, Message: 'said of 13800138000', RequestId: 'R' })).toMatchObject({
    reason,
    code,
    status,
    unlisted: false,
  });
});

it('every code of the table has its row here', () => {
  expect(ROWS.map(([, code]) => code).sort()).toEqual([...ALIBABA_CODES.keys()].sort());
});

it('a template for abroad may have a better one with another vendor', () => {
  expect(classify(200, { Code: 'isv.DOMESTIC_NUMBER_NOT_SUPPORTED' })).toMatchObject({ failover: true, retry: false });
  expect(classify(200, { Code: 'isv.MOBILE_NUMBER_ILLEGAL' })).toMatchObject({ failover: false, retry: false });
});

it.each([
  [200, 'isv.SOMETHING_NEW', 'content'],
  [400, 'isv.SOMETHING_NEW', 'content'],
  [200, 'isp.SOMETHING_NEW', 'unknown_outcome'],
  [400, 'isp.SOMETHING_NEW', 'unknown_outcome'],
  [200, 'SomethingNew', 'content'],
  [200, 'MissingTemplateCode', 'content'],
  [200, 'Forbidden.Something', 'auth'],
  [200, 'InvalidAccessKeyId.Something', 'auth'],
  [200, 'constructor', 'content'],
  [200, 'isp.SOMETHING_NEW', 'unknown_outcome'],
  [400, 'MissingPhoneNumbers', 'content'],
  [403, 'Forbidden.Something', 'auth'],
  [429, 'SomethingNew', 'throttled'],
  [400, 'Throttling.Something', 'throttled'],
  [500, 'SomethingNew', 'unknown_outcome'],
])('HTTP %i with %s, which we never heard of, is %s and counted', (status, code, reason) => {
  expect(classify(status, { Code: code })).toMatchObject({ reason, code, unlisted: true });
});

it.each([
  ['MOBILE_IN_BLACK', { reason: 'recipient', failover: true }],
  ['USER_REJECT', { reason: 'opted_out', failover: false }],
  ['MOBILE_SEND_LIMIT', { reason: 'throttled', retryAt: MIDNIGHT }],
  ['VALVE:H_MC', { reason: 'throttled', retryAt: inMs(3_600_000) }],
  ['NO_ROUTE', { reason: 'content', failover: true }],
])('a code of receipts in an answer is a refusal of this text: %s', (Code, error) => {
  expect(classify(200, { Code })).toMatchObject({ ...error, code: Code, onlyThisMessage: true, unlisted: false });
});

it.each([
  ['触发分钟级流控Permits:1', inMs(60_000)],
  ['触发小时级流控Permits:5', inMs(3_600_000)],
  ['触发天级流控Permits:10', MIDNIGHT],
  ['触发天级流控Permits:40', MIDNIGHT],
  ['minute-level flow control, Permits:1', inMs(60_000)],
  ['hour-level flow control, Permits:5', inMs(3_600_000)],
  ['day-level flow control, Permits:10', MIDNIGHT],
  ['触发月级流控Permits:300', MIDNIGHT],
  ['触发业务流控', inMs(60_000)],
  [undefined, inMs(60_000)],
])('after "%s" a number gets its next text at %s', (Message, retryAt) => {
  expect(classify(200, { Code: 'isv.BUSINESS_LIMIT_CONTROL', Message })).toMatchObject({ reason: 'throttled', retryAt });
});

it.each(['isv.DAY_LIMIT_CONTROL', 'isv.MONTH_LIMIT_CONTROL'])('%s waits for the next day in Beijing', (Code) => {
  expect(classify(200, { Code }).retryAt).toEqual(MIDNIGHT);
  // Still refused although the day has begun: its clock is behind ours.
  expect(classify(200, { Code }, {}, MIDNIGHT).retryAt).toEqual(new Date(MIDNIGHT.getTime() + 60_000));
});

it('comes back when the gateway says, in milliseconds or in seconds', () => {
  expect(classify(400, { Code: 'Throttling.User' }).retryAt).toEqual(inMs(1_000));
  expect(classify(400, { Code: 'Throttling.User' }, { 'x-acs-retry-after': '2500' }).retryAt).toEqual(inMs(2_500));
  expect(classify(400, { Code: 'Throttling.User' }, { 'x-acs-retry-after': '99999999999999' }).retryAt).toEqual(inMs(86_400_000));
  expect(classify(400, { Code: 'Throttling.User' }, { 'x-acs-retry-after': 'soon' }).retryAt).toEqual(inMs(1_000));
  expect(classify(400, { Code: 'Throttling.User' }, { 'retry-after': '30' }).retryAt).toEqual(inMs(30_000));
});

it('every throttling code says when to come back, and only those do', () => {
  for (const [code, { reason, wait }] of ALIBABA_CODES) {
    expect({ code, waits: wait !== undefined }).toEqual({ code, waits: reason === 'throttled' });
  }
});

it.each([
  ['no code', {}],
  ['a code that is no text', { Code: 7 }],
  ['HTML', '<html>'],
  ['nothing', ''],
  ['null', 'null'],
  ['a list', '[]'],
])('a 200 with %s proves nothing', (_what, body) => {
  expect(classify(200, body)).toMatchObject({ reason: 'unknown_outcome', code: undefined, unlisted: false });
});

it('does not believe a code in a redirect', () => {
  expect(classify(302, { Code: 'isv.MOBILE_NUMBER_ILLEGAL' })).toMatchObject({ reason: 'unknown_outcome', status: 302 });
});

it('never shows a number in place of a code', () => {
  expect(classify(400, { Code: '13800138000' })).toMatchObject({ reason: 'content', code: undefined });
});
