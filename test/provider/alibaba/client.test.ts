import { expect, it, onTestFinished } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import type { SmsMessage } from '../../../src/provider/contract/provider.ts';
import { createProvider, providerConfigSchemas } from '../../../src/provider/registry.ts';
import type { Template, Templates } from '../../../src/provider/template/template.ts';
import { MESSAGE, NOW } from '../../conformance/candidate.ts';
import { noDeps } from '../../conformance/no-deps.ts';
import { type AlibabaAccount, alibabaAnswer, alibabaError, startFakeAlibaba } from '../../support/vendors/alibaba.ts';

const KEY = { accessKeyId: 'LTAI-key', accessKeySecret: 'the-key-secret' };
const never = new AbortController().signal;

const TEMPLATES: Templates = new Map<string, Template>([
  ['login-code', { text: 'Your code is {code}, valid {minutes} minutes', alibaba: { code: 'SMS_2' } }],
  ['renamed', { text: 'Your code is {code}', alibaba: { code: 'SMS_3', params: { verify: 'code' } } }],
  ['elsewhere', { text: 'Your code is {code}', tencent: { id: '1', params: ['code'] } }],
]);

async function fake(account: Partial<AlibabaAccount> = {}) {
  const alibaba = await startFakeAlibaba({ ...KEY, now: () => NOW, ...account });
  onTestFinished(alibaba.close);
  return alibaba;
}

async function provider(given: Readonly<Record<string, unknown>>) {
  const config = providerConfigSchemas.alibaba.parse({
    type: 'alibaba',
    ...KEY,
    signName: '示例 签名',
    templateCode: 'SMS_1',
    timeout: '2s',
    ...given,
  });
  const created = await createProvider('alibaba-cn', config, { ...noDeps, clock: { now: () => NOW }, templates: TEMPLATES });
  onTestFinished(() => created.close());
  return created;
}

function templated(name: string, params: Readonly<Record<string, string>>, exact = true): SmsMessage {
  return { ...MESSAGE, template: { name, params, exact } };
}

it('gets a text taken by a server that checks what the vendor checks', async () => {
  const alibaba = await fake({ signs: ['示例 签名'], templates: { SMS_1: `告警 \${instance} \${priority} \${content}` } });
  const result = await (await provider({ baseUrl: alibaba.url })).send(MESSAGE, never);
  expect(result).toEqual({ kind: 'accepted', providerMessageId: alibaba.records[0]?.bizId });
  expect(alibaba.requests).toMatchObject([
    {
      valid: true,
      action: 'SendSms',
      body: '',
      params: {
        PhoneNumbers: '60123456789',
        SignName: '示例 签名',
        TemplateCode: 'SMS_1',
        TemplateParam: '{"instance":"db-1","priority":"CRITICAL","content":"disk full"}',
        OutId: MESSAGE.id,
      },
    },
  ]);
});

it.each([
  ['+8613800138000', '13800138000'],
  ['+85260001234', '85260001234'],
  ['+886912345678', '886912345678'],
  ['+14155550100', '14155550100'],
])('writes %s as %s', async (to, written) => {
  const alibaba = await fake();
  alibaba.respondWith(() => alibabaAnswer('OK', 'OK', { BizId: '1^0' }));
  await (await provider({ baseUrl: alibaba.url })).send({ ...MESSAGE, to: to as E164 }, never);
  expect(alibaba.requests[0]?.params.PhoneNumbers).toBe(written);
});

it('counts parts as carriers of the mainland do, there', async () => {
  const { segmentRule } = await provider({});
  expect(['+8613800138000', '+85260001234', '+60123456789'].map((to) => segmentRule?.(to as E164))).toEqual(['ucs2', 'gsm7', 'gsm7']);
});

it('fills in variables by name: the same names, or those that the config gives', async () => {
  const alibaba = await fake();
  const sender = await provider({ baseUrl: alibaba.url });
  await sender.send(templated('login-code', { code: '1234', minutes: '5', more: 'x' }), never);
  await sender.send(templated('renamed', { code: '1234' }), never);
  await sender.send({ ...templated('elsewhere', { code: '1234' }), variables: { instance: 'i', priority: 'p', content: 'c' } }, never);
  expect(alibaba.requests.map(({ params }) => [params.TemplateCode, params.TemplateParam])).toEqual([
    ['SMS_2', '{"code":"1234","minutes":"5"}'],
    ['SMS_3', '{"verify":"1234"}'],
    ['SMS_1', '{"instance":"i","priority":"p","content":"c"}'],
  ]);
});

it('makes an alert fit into what a variable may hold', async () => {
  const alibaba = await fake();
  const variables = { instance: '10.1.2.3:5432', priority: 'CRITICAL', content: `line 1\nline 2 ${'x'.repeat(100)}` };
  await (await provider({ baseUrl: alibaba.url, variableLimit: 20 })).send({ ...MESSAGE, variables }, never);
  const filled = JSON.parse(alibaba.requests[0]?.params.TemplateParam ?? '') as typeof variables;
  expect(filled.instance).not.toContain('10.1.2.3');
  expect(filled.content).toMatch(/^line 1 line 2 x+…$/);
  expect(filled.content).toHaveLength(20);
});

it.each([
  ['too long', 'x'.repeat(36), 'VARIABLE_TOO_LONG'],
  ['a link', 'https://evil.example/x', 'VARIABLE_LINK'],
  ['nothing', '', 'VARIABLE_EMPTY'],
])('says before asking that a variable is %s', async (_what, code, unfit) => {
  const alibaba = await fake();
  const sender = await provider({ baseUrl: alibaba.url });
  const message = templated('login-code', { code, minutes: '5' });
  expect(sender.preflight?.(message)).toMatchObject({ reason: 'content', code: unfit });
  expect(await sender.send(message, never)).toMatchObject({ kind: 'refused', error: { reason: 'content', code: unfit } });
  expect(alibaba.requests).toEqual([]);
  expect(sender.preflight?.(MESSAGE)).toBeUndefined();
});

it.each([
  ['a wrong secret', { accessKeySecret: 'another' }, 'SignatureDoesNotMatch', 400],
  ['an unknown key', { accessKeyId: 'another' }, 'InvalidAccessKeyId.NotFound', 404],
])('reports %s as auth, once', async (_what, key, code, status) => {
  const alibaba = await fake();
  const result = await (await provider({ baseUrl: alibaba.url, ...key })).send(MESSAGE, never);
  expect(result).toMatchObject({ kind: 'refused', error: { reason: 'auth', code, status } });
  expect(alibaba.requests).toHaveLength(1);
});

it('reports a clock that is wrong as auth', async () => {
  const alibaba = await fake({ now: () => new Date(NOW.getTime() + 16 * 60_000) });
  const result = await (await provider({ baseUrl: alibaba.url })).send(MESSAGE, never);
  expect(result).toMatchObject({ error: { reason: 'auth', code: 'InvalidTimeStamp.Expired' } });
});

it('gives every request a nonce of its own', async () => {
  const alibaba = await fake();
  const sender = await provider({ baseUrl: alibaba.url });
  const results = await Promise.all(Array.from({ length: 20 }, () => sender.send(MESSAGE, never)));
  expect(results.every(({ kind }) => kind === 'accepted')).toBe(true);
  expect(new Set(alibaba.requests.map(({ headers }) => headers['x-acs-signature-nonce'])).size).toBe(20);
});

it('takes a refusal that comes with a 200 for what it is', async () => {
  const alibaba = await fake({ signs: ['另一个'] });
  const result = await (await provider({ baseUrl: alibaba.url })).send(MESSAGE, never);
  expect(result).toMatchObject({ error: { reason: 'content', code: 'isv.SMS_SIGNATURE_ILLEGAL', status: 200 } });
});

it('waits for the hour that an hourly flow limit asks for, and leaves the number to another vendor meanwhile', async () => {
  const alibaba = await fake();
  alibaba.respondWith(() => alibabaAnswer('isv.BUSINESS_LIMIT_CONTROL', '触发小时级流控Permits:5'));
  const result = await (await provider({ baseUrl: alibaba.url })).send(MESSAGE, never);
  expect(result).toMatchObject({ error: { reason: 'throttled', failover: true, retryAt: new Date(NOW.getTime() + 3_600_000) } });
});

it('does not try again by itself when the gateway throttles', async () => {
  const alibaba = await fake();
  alibaba.respondWith(() =>
    alibabaError(400, 'Throttling.User', 'Request was denied due to user flow control.', { 'x-acs-retry-after': '700' }),
  );
  const result = await (await provider({ baseUrl: alibaba.url })).send(MESSAGE, never);
  expect(result).toMatchObject({ error: { reason: 'throttled', retryAt: new Date(NOW.getTime() + 700) } });
  expect(alibaba.requests).toHaveLength(1);
});

it('believes a yes without an id', async () => {
  const alibaba = await fake();
  alibaba.respondWith(() => alibabaAnswer('OK', 'OK'));
  expect(await (await provider({ baseUrl: alibaba.url })).send(MESSAGE, never)).toEqual({ kind: 'accepted' });
});

it('does not believe a yes that HTTP denies', async () => {
  const alibaba = await fake();
  alibaba.respondWith(() => ({ ...alibabaAnswer('OK', 'OK', { BizId: '1^0' }), status: 500 }));
  expect(await (await provider({ baseUrl: alibaba.url })).send(MESSAGE, never)).toMatchObject({ error: { reason: 'unknown_outcome' } });
});
