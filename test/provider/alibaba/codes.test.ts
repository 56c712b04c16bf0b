import { expect, it } from 'vitest';
import { ALIBABA_CODES, classifyAlibaba } from '../../../src/provider/alibaba/codes.ts';
import { expectConsequence, type VendorRefusal } from '../../support/fixtures/vendor-refusal.ts';

/** 11:00 in Beijing. */
const NOW = new Date('2026-11-20T03:00:00.000Z');
const MIDNIGHT = new Date('2026-11-20T16:00:00.000Z');
const inMs = (ms: number) => new Date(NOW.getTime() + ms);

function classify(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}, now = NOW) {
  return classifyAlibaba({ kind: 'answer', status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }, now).error;
}

const said = (what: string, status: number, Code: string, Message: string, consequence: VendorRefusal[3]): VendorRefusal => [
  what,
  status,
  { RequestId: 'A90E4451-FED7-49D2-87C8-00700A8C4D0D', Code, Message },
  consequence,
];

it.each<VendorRefusal>([
  said('a wrong key', 404, 'InvalidAccessKeyId.NotFound', 'Specified access key is not found.', {
    ...{ reason: 'auth', failover: true, retry: true },
  }),
  said('a key without the right', 200, 'isp.RAM_PERMISSION_DENY', 'RAM权限DENY', { reason: 'auth', failover: true, retry: true }),
  said('a test signature and a number that is not registered', 200, 'isv.SMS_TEST_NUMBER_LIMIT', '只能向已回复授权信息的手机号发送', {
    ...{ reason: 'auth', failover: true, retry: true, onlyThisMessage: true },
  }),
  said('an account without money', 200, 'isv.AMOUNT_NOT_ENOUGH', '账户余额不足', { reason: 'balance', failover: true, retry: true }),
  said('a number that is none', 200, 'isv.MOBILE_NUMBER_ILLEGAL', '13800138000invalid mobile number', {
    ...{ reason: 'recipient', failover: false, retry: false },
  }),
  said('a template for abroad, which another vendor may have', 200, 'isv.DOMESTIC_NUMBER_NOT_SUPPORTED', '国际消息模板不支持发送境内号码', {
    ...{ reason: 'recipient', failover: true, retry: false },
  }),
  said('a recipient who unsubscribed', 200, 'isv.CUSTOMER_REFUSED', '用户已退订', { reason: 'opted_out', failover: false, retry: false }),
  said('a template that is not approved', 200, 'isv.SMS_TEMPLATE_ILLEGAL', '模板不合法', {
    reason: 'content',
    failover: true,
    retry: false,
  }),
  said('too many texts to one number', 200, 'isv.BUSINESS_LIMIT_CONTROL', '触发小时级流控Permits:5', {
    ...{ reason: 'throttled', failover: true, retry: true, onlyThisMessage: true, waitMs: 3_600_000 },
  }),
  said('the limit of a day', 200, 'isv.DAY_LIMIT_CONTROL', '触发日发送限额', {
    ...{ reason: 'throttled', failover: true, retry: true, waitMs: MIDNIGHT.getTime() - NOW.getTime() },
  }),
  said('too many requests', 400, 'Throttling.User', 'Request was denied due to user flow control.', {
    ...{ reason: 'throttled', failover: true, retry: true, waitMs: 1_000 },
  }),
  said('an error of the gateway, after which the text may go out', 200, 'isp.SYSTEM_ERROR', '系统错误', {
    ...{ reason: 'unknown_outcome', failover: false, retry: false },
  }),
  said(
    'a nonce that the vendor has seen: the first request may have been accepted',
    400,
    'SignatureNonceUsed',
    'Specified signature nonce was used already.',
    {
      ...{ reason: 'unknown_outcome', failover: false, retry: false },
    },
  ),
])('%s (HTTP %i)', (_what, status, body, consequence) => {
  expectConsequence(classify(status, body), consequence, NOW);
  expect(classify(status, body).code).toBe((body as { Code: string }).Code);
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
])('HTTP %i with %s, which is not in the table, is %s and counted', (status, code, reason) => {
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
