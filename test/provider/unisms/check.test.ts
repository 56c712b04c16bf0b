import { inspect } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import type { Check } from '../../../src/provider/contract/provider.ts';
import { createProvider, providerConfigSchemas } from '../../../src/provider/registry.ts';
import { noDeps } from '../../conformance/no-deps.ts';
import { startVendor } from '../../conformance/start-vendor.ts';
import { startFakeUnisms, unismsError } from '../../support/vendors/unisms.ts';

const KEYS = { accessKeyId: 'the-access-key-id', accessKeySecret: 'the-access-key-secret' };

async function check(baseUrl: string, given: Readonly<Record<string, unknown>> = {}, now = new Date()) {
  const config = providerConfigSchemas.unisms.parse({
    type: 'unisms',
    accessKeyId: KEYS.accessKeyId,
    signature: 'UniSMS',
    templateId: 'tpl_alert',
    timeout: '2s',
    baseUrl,
    ...given,
  });
  const provider = await createProvider('unisms-cn', config, { ...noDeps, clock: { now: () => now } });
  onTestFinished(() => provider.close());
  const checks = (await provider.check?.(new AbortController().signal)) as readonly Check[];
  expect(Object.values(KEYS).filter((key) => inspect(checks).includes(key))).toEqual([]);
  return Object.fromEntries(checks.map(({ subject, verdict, detail }) => [subject, { verdict, detail }]));
}

async function fake(account: Partial<typeof KEYS> = {}) {
  const unisms = await startFakeUnisms({ accessKeyId: KEYS.accessKeyId, templates: {}, now: () => new Date(), ...account });
  onTestFinished(unisms.close);
  return unisms;
}

it('accepts a valid key, by a message without recipients', async () => {
  const unisms = await fake();
  expect(await check(unisms.url)).toMatchObject({
    connection: { verdict: 'ok' },
    credentials: { verdict: 'ok' },
    clock: { verdict: 'ok' },
    balance: { verdict: 'unchecked' },
    sender: { verdict: 'unchecked' },
    template: { verdict: 'unchecked' },
  });
  expect(unisms.requests).toMatchObject([{ valid: false, body: '{}' }]);
});

it('finds no fault with a right signature', async () => {
  const unisms = await fake(KEYS);
  const checks = await check(unisms.url, { authMode: 'hmac', accessKeySecret: KEYS.accessKeySecret });
  expect(checks).toMatchObject({ credentials: { verdict: 'ok' } });
});

it.each([
  ['another key', { accessKeyId: 'other' }, /104111/],
  ['another secret', { authMode: 'hmac', accessKeySecret: 'other' }, /104201/],
  ['no signature where the account asks for one', {}, /authMode: hmac/],
])('notices %s', async (_what, given, detail) => {
  const unisms = await fake(KEYS);
  expect(await check(unisms.url, given)).toMatchObject({ credentials: { verdict: 'failed', detail: expect.stringMatching(detail) } });
});

it('notices a clock that is wrong, by what the vendor says of it and by its own', async () => {
  const unisms = await fake(KEYS);
  const eleven = 660_000;
  const hmac = { authMode: 'hmac', accessKeySecret: KEYS.accessKeySecret };
  expect(await check(unisms.url, hmac, new Date(Date.now() - eleven))).toMatchObject({
    clock: { verdict: 'failed' },
    credentials: { verdict: 'unchecked' },
  });
  const simple = await fake();
  expect(await check(simple.url, {}, new Date(Date.now() + eleven))).toMatchObject({
    clock: { verdict: 'failed' },
    credentials: { verdict: 'ok' },
  });
});

it.each([
  ['105400', { balance: { verdict: 'failed' }, credentials: { verdict: 'unchecked' } }],
  ['105100', { credentials: { verdict: 'failed' } }],
  ['105300', { credentials: { verdict: 'unchecked' } }],
  ['107120', { credentials: { verdict: 'ok' }, sender: { verdict: 'unchecked' } }],
  ['101000', { credentials: { verdict: 'unchecked' } }],
  ['0', { credentials: { verdict: 'unchecked' } }],
])('reads an answer of %s', async (code, expected) => {
  const vendor = await startVendor(unismsError(code, 'x'));
  expect(await check(vendor.url)).toMatchObject({ connection: { verdict: 'ok' }, ...expected });
  expect(vendor.hits).toHaveLength(1);
});

it('says what it cannot reach', async () => {
  expect(await check('http://127.0.0.1:9')).toMatchObject({ connection: { verdict: 'failed', detail: 'no response (ECONNREFUSED)' } });
  const portal = await startVendor({ status: 200, body: '<html></html>' });
  expect(await check(portal.url)).toMatchObject({ connection: { verdict: 'failed' } });
  const word = await startVendor({ status: 200, body: 'null' });
  expect(await check(word.url)).not.toHaveProperty('credentials');
});
