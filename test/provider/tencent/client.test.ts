import { sms } from 'tencentcloud-sdk-nodejs-sms';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import type { SmsMessage } from '../../../src/provider/contract/provider.ts';
import type { Template } from '../../../src/provider/template/template.ts';
import { MESSAGE, NOW } from '../../conformance/candidate.ts';
import { tencentAnswer, tencentError, tencentNumberError } from '../../support/vendors/tencent.ts';
import { APP_ID, fake, never, provider } from './given-tencent.ts';

const MAINLAND = '+8613800138000' as E164;
const LOGIN: Template = { text: 'Your code is {code}, valid {minutes} minutes', tencent: { id: '1234', params: ['code', 'minutes'] } };
const login = (params: Readonly<Record<string, string>>, exact = true): SmsMessage => ({
  ...MESSAGE,
  template: { name: 'login-code', params, exact },
});

it('gets a text accepted by a server that checks what Tencent checks', async () => {
  const tencent = await fake();
  const result = await (await provider({ baseUrl: tencent.url, signName: '腾讯云' })).send({ ...MESSAGE, to: MAINLAND }, never);
  expect(result).toEqual({ kind: 'accepted', providerMessageId: '5000:1045927061285806086750', segments: 1 });
  expect(tencent.requests).toMatchObject([
    {
      valid: true,
      action: 'SendSms',
      params: {
        PhoneNumberSet: [MAINLAND],
        SmsSdkAppId: APP_ID,
        TemplateId: '449739',
        SignName: '腾讯云',
        TemplateParamSet: ['db-1', 'CRITICAL', 'disk full'],
        SessionContext: MESSAGE.id,
      },
    },
  ]);
});

it('names no signature where none is set', async () => {
  const tencent = await fake();
  expect(await (await provider({ baseUrl: tencent.url })).send(MESSAGE, never)).toMatchObject({ kind: 'accepted' });
  expect(tencent.requests[0]?.params).not.toHaveProperty('SignName');
});

it("asks for the actions, in the version and with the parameters, that Tencent's own SDK asks for", async () => {
  const tencent = await fake();
  const { send, status, check } = await provider({ baseUrl: tencent.url, signName: '腾讯云' });
  await send({ ...MESSAGE, to: MAINLAND }, never);
  await status?.({ id: MESSAGE.id, to: MAINLAND, sentAt: NOW, providerMessageId: '5000:1' }, never);
  await check?.(never);

  const sdk = new sms.v20210111.Client({ credential: {}, region: 'ap-guangzhou' });
  const asked: { action: string; params: unknown }[] = [];
  sdk.request = async (action, params) => {
    asked.push({ action, params });
    return {};
  };
  const methods = sdk as unknown as Record<string, (params: unknown) => Promise<unknown>>;
  for (const { action, params, headers } of tencent.requests) {
    expect(headers['x-tc-version']).toBe(sdk.apiVersion);
    await methods[action]?.(params);
  }
  expect(asked).toEqual(tencent.requests.map(({ action, params }) => ({ action, params })));
  expect(new Set(asked.map(({ action }) => action)).size).toBe(5);
});

it('sends to the region that is set', async () => {
  const tencent = await fake();
  await (await provider({ baseUrl: tencent.url, region: 'ap-singapore' })).send(MESSAGE, never);
  expect(tencent.requests[0]?.headers['x-tc-region']).toBe('ap-singapore');
});

it('fills a template of its own by position, in the order of its params', async () => {
  const tencent = await fake();
  const { send } = await provider({ baseUrl: tencent.url }, new Map([['login-code', LOGIN]]));
  await send(login({ minutes: '5', code: '1234', unused: 'x' }), never);
  expect(tencent.requests[0]?.params).toMatchObject({ TemplateId: '1234', TemplateParamSet: ['1234', '5'] });
});

it('puts a template that Tencent does not know into its default one', async () => {
  const tencent = await fake();
  const { send } = await provider({ baseUrl: tencent.url }, new Map([['login-code', { text: LOGIN.text }]]));
  await send(login({ code: '1234' }), never);
  expect(tencent.requests[0]?.params).toMatchObject({ TemplateId: '449739', TemplateParamSet: ['db-1', 'CRITICAL', 'disk full'] });
});

it('sends no link in a variable, and no more characters than the account may', async () => {
  const tencent = await fake();
  const { send } = await provider({ baseUrl: tencent.url, variableLimit: 12 });
  const variables = { instance: 'http://db-1.example.com/x', priority: 'CRITICAL', content: 'disk full on 10.0.0.1 and more' };
  await send({ ...MESSAGE, variables }, never);
  const values = tencent.requests[0]?.params.TemplateParamSet as string[];
  expect(values.map((value) => [...value].length).every((length) => length > 0 && length <= 12)).toBe(true);
  expect(values.join(' ')).not.toMatch(/https?:|example\.com|10\.0\.0\.1/);
});

it('refuses without asking what Tencent would refuse', async () => {
  const tencent = await fake();
  const { send, preflight } = await provider({ baseUrl: tencent.url }, new Map([['login-code', LOGIN]]));
  const hopeless = [{ ...MESSAGE, to: MAINLAND }, login({ code: 'https://evil.example.com', minutes: '5' }), login({ code: '1234' })];
  for (const message of hopeless) {
    const error = preflight?.(message);
    expect(error).toMatchObject({ reason: 'content', failover: true, retry: false });
    expect(await send(message, never)).toEqual({ kind: 'refused', error });
  }
  expect(preflight?.({ ...MESSAGE, to: MAINLAND })?.code).toBe('SIGN_NAME_NOT_SET');
  expect(preflight?.(MESSAGE)).toBeUndefined();
  expect(tencent.requests).toEqual([]);
});

it("counts parts as the mainland's carriers do, and as the standard has it elsewhere", async () => {
  const { segmentRule } = await provider({});
  expect([MAINLAND, MESSAGE.to, '+886912345678', '+8801712345678'].map((to) => segmentRule?.(to as E164))).toEqual([
    'ucs2',
    'gsm7',
    'gsm7',
    'gsm7',
  ]);
});

it.each([
  ['a template that is not approved', 'FailedOperation.TemplateIncorrectOrUnapproved', { reason: 'content', failover: true, retry: false }],
  ['a number on a do-not-disturb list', 'FailedOperation.PhoneNumberInBlacklist', { reason: 'recipient', failover: true, retry: false }],
  [
    'the limit of 30 seconds',
    'LimitExceeded.PhoneNumberThirtySecondLimit',
    { reason: 'throttled', retryAt: new Date(NOW.getTime() + 30_000) },
  ],
  ['an ambiguous failure', 'InternalError.Timeout', { reason: 'unknown_outcome', failover: false, retry: false }],
  ['a code that nobody knows', 'FailedOperation.New', { reason: 'content', unlisted: true }],
])('understands %s, of the number or of the whole request', async (_what, code, expected) => {
  const tencent = await fake();
  const { send } = await provider({ baseUrl: tencent.url });
  for (const reply of [tencentNumberError(code), tencentError(code)]) {
    tencent.respondWith(() => reply);
    expect(await send(MESSAGE, never)).toMatchObject({ kind: 'refused', error: { ...expected, code, status: 200 } });
  }
});

it.each([
  ['wrong key', { secretKey: 'wrong' }, 'AuthFailure.SignatureFailure'],
  ['unknown key', { secretId: 'AKIDother' }, 'AuthFailure.SecretIdNotFound'],
  ['app of another account', { appId: '1400009999' }, 'UnauthorizedOperation.SmsSdkAppIdVerifyFail'],
])('a %s is a fault of ours', async (_what, given, code) => {
  const tencent = await fake();
  const result = await (await provider({ baseUrl: tencent.url, ...given })).send(MESSAGE, never);
  expect(result).toMatchObject({ kind: 'refused', error: { reason: 'auth', code } });
});

it('a clock that is six minutes off is a fault of ours, four are none', async () => {
  const tencent = await fake();
  const at = (minutes: number) => provider({ baseUrl: tencent.url }, new Map(), new Date(NOW.getTime() + minutes * 60_000));
  for (const minutes of [-6, 6])
    expect(await (await at(minutes)).send(MESSAGE, never)).toMatchObject({
      error: { reason: 'auth', code: 'AuthFailure.SignatureExpire' },
    });
  for (const minutes of [-4, 4]) expect(await (await at(minutes)).send(MESSAGE, never)).toMatchObject({ kind: 'accepted' });
});

it.each([
  ['nothing', {}],
  ['no status', { SendStatusSet: [] }],
  ['null for a status', { SendStatusSet: [null] }],
  ['a status without a code', { SendStatusSet: [{ SerialNo: '5000:1' }] }],
  ['a status that is no list', { SendStatusSet: { Code: 'Ok' } }],
])('does not know what %s means', async (_what, response) => {
  const tencent = await fake();
  tencent.respondWith(() => tencentAnswer(response));
  const result = await (await provider({ baseUrl: tencent.url })).send(MESSAGE, never);
  expect(result).toMatchObject({ kind: 'refused', error: { reason: 'unknown_outcome', status: 200 } });
});

it.each([
  [
    { Code: 'Ok', SerialNo: '5000:1', Fee: 0 },
    { kind: 'accepted', providerMessageId: '5000:1' },
  ],
  [
    { Code: 'Ok', SerialNo: '5000:1', Fee: 'one' },
    { kind: 'accepted', providerMessageId: '5000:1' },
  ],
  [
    { Code: 'Ok', SerialNo: '', Fee: 2 },
    { kind: 'accepted', segments: 2 },
  ],
])('takes %j for a yes', async (status, accepted) => {
  const tencent = await fake();
  tencent.respondWith(() => tencentAnswer({ SendStatusSet: [status] }));
  expect(await (await provider({ baseUrl: tencent.url })).send(MESSAGE, never)).toEqual(accepted);
});

it('is moved nowhere by the environment', async () => {
  for (const name of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY']) vi.stubEnv(name, 'http://127.0.0.1:9');
  vi.stubEnv('TENCENTCLOUD_SECRET_KEY', 'other');
  onTestFinished(() => void vi.unstubAllEnvs());
  const tencent = await fake();
  expect(await (await provider({ baseUrl: tencent.url })).send(MESSAGE, never)).toMatchObject({ kind: 'accepted' });
});

it('keeps concurrent calls apart', async () => {
  const tencent = await fake();
  tencent.respondWith(async ({ params }) => {
    const id = String(params.SessionContext);
    await new Promise((resolve) => setTimeout(resolve, id === 'slow' ? 50 : 1));
    if (id === 'bad') return tencentError('InvalidParameterValue.IncorrectPhoneNumber');
    return tencentAnswer({ SendStatusSet: [{ Code: 'Ok', SerialNo: `sn-${id}`, Fee: 1 }] });
  });
  const { send } = await provider({ baseUrl: tencent.url });
  const aborted = new AbortController();
  const results = Promise.all([
    send({ ...MESSAGE, id: 'slow' }, never),
    send({ ...MESSAGE, id: 'bad' }, never),
    send({ ...MESSAGE, id: 'fast' }, never),
    send({ ...MESSAGE, id: 'slow' }, aborted.signal),
  ]);
  aborted.abort();
  expect(await results).toMatchObject([
    { kind: 'accepted', providerMessageId: 'sn-slow' },
    { kind: 'refused', error: { reason: 'recipient' } },
    { kind: 'accepted', providerMessageId: 'sn-fast' },
    { kind: 'refused', error: { code: 'ABORTED' } },
  ]);
});
