import { expect, it, onTestFinished } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import type { SmsMessage } from '../../../src/provider/contract/provider.ts';
import { createProvider, providerConfigSchemas } from '../../../src/provider/registry.ts';
import type { Templates } from '../../../src/provider/template/template.ts';
import { MESSAGE, NOW } from '../../conformance/candidate.ts';
import { noDeps } from '../../conformance/no-deps.ts';
import { startFakeUnisms, type UnismsAccount, unismsError } from '../../support/vendors/unisms.ts';

const KEYS = { accessKeyId: 'the-access-key-id', accessKeySecret: 'the-access-key-secret' };
const ACCOUNT: UnismsAccount = {
  accessKeyId: KEYS.accessKeyId,
  templates: { tpl_alert: ['instance', 'priority', 'content'], pub_verif_ttl3: ['code', 'ttl'] },
  now: () => NOW,
};
const never = new AbortController().signal;

const TEMPLATES: Templates = new Map([
  ['login', { text: 'Your code is {code}, valid {ttl} minutes', unisms: { id: 'pub_verif_ttl3' } }],
  [
    'renamed',
    { text: 'Your code is {pin}, valid {minutes} minutes', unisms: { id: 'pub_verif_ttl3', params: { code: 'pin', ttl: 'minutes' } } },
  ],
  ['elsewhere', { text: 'Your code is {code}', tencent: { id: '1', params: ['code'] } }],
]);

async function fake(account: Partial<UnismsAccount> = {}) {
  const unisms = await startFakeUnisms({ ...ACCOUNT, ...account });
  onTestFinished(unisms.close);
  return unisms;
}

async function provider(baseUrl: string, given: Readonly<Record<string, unknown>> = {}, now = NOW) {
  const config = providerConfigSchemas.unisms.parse({
    type: 'unisms',
    accessKeyId: KEYS.accessKeyId,
    signature: 'UniSMS',
    templateId: 'tpl_alert',
    timeout: '2s',
    baseUrl,
    ...given,
  });
  const created = await createProvider('unisms-cn', config, { ...noDeps, templates: TEMPLATES, clock: { now: () => now } });
  onTestFinished(() => created.close());
  return created;
}

const withTemplate = (name: string, params: Readonly<Record<string, string>>): SmsMessage => ({
  ...MESSAGE,
  template: { name, params, exact: true },
});

it('gets an alert accepted by a server that checks what UniSMS checks', async () => {
  const unisms = await fake();
  const result = await (await provider(unisms.url)).send(MESSAGE, never);
  expect(result).toEqual({ kind: 'accepted', providerMessageId: expect.stringMatching(/^[0-9a-f]{32}$/), segments: 1 });
  expect(unisms.requests.map(({ json }) => json)).toEqual([
    { to: MESSAGE.to, signature: 'UniSMS', templateId: 'tpl_alert', templateData: MESSAGE.variables },
  ]);
});

it('signs every call separately, and a server that verifies signatures accepts each', async () => {
  const unisms = await fake(KEYS);
  const { send } = await provider(unisms.url, { authMode: 'hmac', accessKeySecret: KEYS.accessKeySecret });
  // Half of all signatures hold a plus, nearly all a slash or an equals sign.
  for (let sent = 0; sent < 40; sent++) expect(await send(MESSAGE, never)).toMatchObject({ kind: 'accepted' });
  expect(new Set(unisms.requests.map(({ query }) => query.nonce)).size).toBe(40);
  expect(unisms.requests.filter(({ path }) => path.includes('%2B')).length).toBeGreaterThan(0);
  expect(unisms.requests.filter(({ path }) => path.includes(KEYS.accessKeySecret))).toEqual([]);
});

it.each([
  ['another access key', { accessKeyId: 'other' }, NOW, '104111'],
  ['another secret', { accessKeySecret: 'other' }, NOW, '104201'],
  ['no signature', { authMode: 'simple' }, NOW, '104200'],
  ['a clock that is eleven minutes late', {}, new Date(NOW.getTime() - 660_000), '104202'],
])('with %s it is refused as auth, once', async (_what, given, now, code) => {
  const unisms = await fake(KEYS);
  const sender = await provider(unisms.url, { authMode: 'hmac', accessKeySecret: KEYS.accessKeySecret, ...given }, now);
  expect(await sender.send(MESSAGE, never)).toMatchObject({ kind: 'refused', error: { reason: 'auth', code } });
  expect(unisms.requests).toHaveLength(1);
});

it.each([
  ['by the names of its text', withTemplate('login', { code: '8888', ttl: '5' }), 'pub_verif_ttl3', { code: '8888', ttl: '5' }],
  ["by the vendor's names", withTemplate('renamed', { pin: '8888', minutes: '5' }), 'pub_verif_ttl3', { code: '8888', ttl: '5' }],
  [
    'that is unknown here, in the default one',
    { ...MESSAGE, template: { name: 'elsewhere', params: {}, exact: false } },
    'tpl_alert',
    MESSAGE.variables,
  ],
])('fills a template %s', async (_what, message, templateId, templateData) => {
  const unisms = await fake();
  const sender = await provider(unisms.url);
  expect(sender.preflight?.(message)).toBeUndefined();
  expect(await sender.send(message, never)).toMatchObject({ kind: 'accepted' });
  expect(unisms.requests[0]?.json).toMatchObject({ templateId, templateData });
});

it('makes no call for a code that cannot be sent, and reports it before', async () => {
  const unisms = await fake();
  const sender = await provider(unisms.url);
  const message = withTemplate('login', { code: '', ttl: '5' });
  expect(sender.preflight?.(message)).toMatchObject({ reason: 'content' });
  expect(await sender.send(message, never)).toMatchObject({ kind: 'refused', error: { reason: 'content' } });
  expect(unisms.requests).toEqual([]);
});

it('does not try again by itself when the vendor throttles', async () => {
  const unisms = await fake();
  unisms.respondWith(() => unismsError('105300', 'LimitExceed', 429));
  expect(await (await provider(unisms.url)).send(MESSAGE, never)).toMatchObject({
    error: { reason: 'throttled', code: '105300', retryAt: new Date(NOW.getTime() + 60_000) },
  });
  expect(unisms.requests).toHaveLength(1);
});

it('counts 70 characters a text in mainland China, and the usual elsewhere', async () => {
  const { segmentRule } = await provider('http://127.0.0.1:9');
  expect(segmentRule?.('+8618600001234' as E164)).toBe('ucs2');
  expect(segmentRule?.('+85251234567' as E164)).toBe('gsm7');
  expect(segmentRule?.('+60123456789' as E164)).toBe('gsm7');
});
