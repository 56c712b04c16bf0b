import { expect, it, onTestFinished } from 'vitest';
import { createProvider, providerConfigSchemas } from '../../../src/provider/registry.ts';
import type { Template } from '../../../src/provider/template/template.ts';
import { noDeps } from '../../conformance/no-deps.ts';
import { type AlibabaAccount, alibabaAnswer, alibabaError, startFakeAlibaba } from '../../support/vendors/alibaba.ts';

const KEY = { accessKeyId: 'LTAI-key', accessKeySecret: 'the-key-secret' };
const THREE = `告警：\${instance} \${priority} \${content}`;
const LOGIN = new Map<string, Template>([['login-code', { text: 'Your code is {code}', alibaba: { code: 'SMS_2' } }]]);
const never = new AbortController().signal;

async function setup(account: Partial<AlibabaAccount> = {}, given: Readonly<Record<string, unknown>> = {}) {
  const alibaba = await startFakeAlibaba({ ...KEY, signs: ['示例'], templates: { SMS_1: THREE, SMS_2: `码 \${code}` }, ...account });
  onTestFinished(alibaba.close);
  const config = providerConfigSchemas.alibaba.parse({
    type: 'alibaba',
    ...KEY,
    signName: '示例',
    templateCode: 'SMS_1',
    baseUrl: alibaba.url,
    ...given,
  });
  const provider = await createProvider('alibaba-cn', config, { ...noDeps, clock: { now: () => new Date() }, templates: LOGIN });
  onTestFinished(() => provider.close());
  const check = async () => {
    const checks = (await provider.check?.(never)) ?? [];
    expect(JSON.stringify(checks)).not.toContain(KEY.accessKeySecret);
    expect(alibaba.requests.filter(({ action }) => action === 'SendSms')).toEqual([]);
    return checks.map(({ subject, verdict, detail }) => [subject, verdict, detail] as const);
  };
  return { alibaba, check };
}

async function found(subject: string, ...args: Parameters<typeof setup>) {
  const { check } = await setup(...args);
  return (await check()).filter(([of]) => of === subject).map(([, verdict, detail]) => `${verdict}: ${detail}`);
}

it('finds everything in order, and sends no text', async () => {
  const { alibaba, check } = await setup();
  expect(await check()).toEqual([
    ['connection', 'ok', 'Alibaba Cloud responds'],
    ['clock', 'ok', expect.any(String)],
    ['credentials', 'ok', 'accessKeyId and accessKeySecret are valid'],
    ['balance', 'unchecked', expect.stringContaining('console')],
    ['sender', 'ok', 'the signature 示例 is approved'],
    ['template', 'ok', 'the template SMS_1 is approved'],
    ['template', 'ok', 'the template SMS_2 is approved'],
  ]);
  expect(alibaba.requests.map(({ action }) => action)).toEqual(['GetSmsSign', 'GetSmsTemplate', 'GetSmsTemplate']);
});

it.each([
  ['a wrong secret', { accessKeySecret: 'another' }, 'SignatureDoesNotMatch'],
  ['an unknown key', { accessKeyId: 'another' }, 'InvalidAccessKeyId.NotFound'],
])('finds %s, and asks no further', async (_what, given, code) => {
  const { alibaba, check } = await setup({}, given);
  const checks = await check();
  expect(checks).toContainEqual(['credentials', 'failed', expect.stringContaining(code)]);
  expect(checks.filter(([, verdict]) => verdict === 'unchecked').map(([subject]) => subject)).toEqual(['balance', 'sender', 'template']);
  expect(alibaba.requests).toHaveLength(1);
});

it('finds a clock so wrong that the vendor refuses it', async () => {
  const { check } = await setup({ now: () => new Date(Date.now() - 20 * 60_000) });
  const checks = await check();
  expect(checks).toContainEqual(['clock', 'failed', expect.stringContaining('InvalidTimeStamp.Expired')]);
  expect(checks).toContainEqual(['credentials', 'unchecked', expect.stringContaining('InvalidTimeStamp.Expired')]);
});

it.each([
  [
    'may not look things up',
    () => alibabaAnswer('isp.RAM_PERMISSION_DENY', ''),
    ['credentials', 'warning', expect.stringContaining('grant')],
  ],
  [
    'is not known to the SMS service',
    () => alibabaAnswer('isv.PRODUCT_UN_SUBSCRIPT', ''),
    ['account', 'failed', expect.stringContaining('isv.PRODUCT')],
  ],
  ['has no money', () => alibabaAnswer('isv.OUT_OF_SERVICE', ''), ['balance', 'failed', 'insufficient (isv.OUT_OF_SERVICE)']],
  ['is told nothing', () => ({ status: 502, body: '<html>' }), ['credentials', 'unchecked', 'no conclusive response (HTTP 502)']],
  [
    'is throttled',
    () => alibabaError(400, 'Throttling.User', ''),
    ['credentials', 'unchecked', 'no conclusive response (HTTP 400, Throttling.User)'],
  ],
])('says so when the account %s', async (_what, reply, expected) => {
  const { alibaba, check } = await setup();
  alibaba.respondWith(reply);
  expect(await check()).toContainEqual(expected);
});

it('reports a missing response', async () => {
  const { alibaba, check } = await setup();
  alibaba.respondWith(() => 'reset');
  expect(await check()).toEqual([['connection', 'failed', expect.stringMatching(/^no response \(\w+\)$/)]]);
});

it('finds a signature that the account has not', async () => {
  expect(await found('sender', {}, { signName: '另一个' })).toEqual([
    'failed: the signature 另一个 does not exist in this account (isv.SMS_SIGNATURE_ILLEGAL)',
  ]);
});

it.each([
  [{ SignStatus: 0 }, 'failed: the signature 示例 is under review'],
  [{ SignStatus: 2 }, 'failed: the signature 示例 was rejected: see the SMS console for the reason'],
  [{ SignStatus: '10' }, 'failed: the signature 示例 was withdrawn from review'],
  [{ SignStatus: 77 }, 'unchecked: the signature 示例 is in an unknown state'],
  [{ SignStatus: 1, SignIspRegisterDetailList: [{ RegisterStatus: 3 }, { RegisterStatus: 1 }] }, 'ok: the signature 示例 is approved'],
  [
    { SignStatus: 1, SignIspRegisterDetailList: [{ RegisterStatus: 3 }, { RegisterStatus: -1 }, { RegisterStatus: 0 }] },
    'warning: the signature 示例 is approved, but not registered with 2 of 3 carriers',
  ],
])('a signature as %o is %s', async (said, expected) => {
  const { alibaba, check } = await setup();
  alibaba.respondWith(({ action }) => (action === 'GetSmsSign' ? alibabaAnswer('OK', 'OK', said) : undefined));
  expect((await check()).filter(([subject]) => subject === 'sender').map(([, verdict, detail]) => `${verdict}: ${detail}`)).toEqual([
    expected,
  ]);
});

it('finds templates that the account has not, or that ask for other variables', async () => {
  expect(await found('template', { templates: { SMS_1: `\${instance} \${text} \${when}` } })).toEqual([
    'failed: the template SMS_1 has variables without a value: text, when',
    'failed: the template SMS_2 does not exist in this account (isv.SMS_TEMPLATE_ILLEGAL)',
  ]);
  expect(await found('template', { templates: { SMS_1: `\${instance}`, SMS_2: `\${code}` } })).toEqual([
    'warning: the template SMS_1 is approved, but lacks the variables priority, content',
    'ok: the template SMS_2 is approved',
  ]);
});

it.each([
  [() => alibabaAnswer('OK', 'OK', { TemplateStatus: '0' }), 'failed: the template SMS_1 is under review'],
  [() => alibabaAnswer('OK', 'OK', { TemplateStatus: 1 }), 'ok: the template SMS_1 is approved'],
  [() => alibabaAnswer('isp.SYSTEM_ERROR', ''), 'unchecked: the template SMS_1 could not be queried (HTTP 200)'],
  [() => 'reset' as const, expect.stringMatching(/^unchecked: the template SMS_1: no response \(\w+\)$/)],
])('judges the answer about a template (%#)', async (reply, expected) => {
  const { alibaba, check } = await setup();
  alibaba.respondWith(({ action }) => (action === 'GetSmsTemplate' ? reply() : undefined));
  const templates = (await check()).filter(([subject]) => subject === 'template').map(([, verdict, detail]) => `${verdict}: ${detail}`);
  expect(templates[0]).toEqual(expected);
});
