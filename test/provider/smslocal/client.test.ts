import { expect, it, onTestFinished } from 'vitest';
import type { Check } from '../../../src/provider/contract/provider.ts';
import { createProvider, providerConfigSchemas } from '../../../src/provider/registry.ts';
import { MESSAGE, NOW } from '../../conformance/candidate.ts';
import { noDeps } from '../../conformance/no-deps.ts';
import { startVendor } from '../../conformance/start-vendor.ts';
import { smslocalAccepted, smslocalAnswer, startFakeSmslocal } from '../../support/vendors/smslocal.ts';

const API_KEY = 'the-api-key';
const never = new AbortController().signal;

async function fake() {
  const smslocal = await startFakeSmslocal(API_KEY);
  onTestFinished(smslocal.close);
  return smslocal;
}

async function provider(baseUrl: string, given: Readonly<Record<string, unknown>> = {}) {
  const config = providerConfigSchemas.smslocal.parse({ type: 'smslocal', apiKey: API_KEY, timeout: '2s', baseUrl, ...given });
  const created = await createProvider('smslocal-in', config, { ...noDeps, clock: { now: () => NOW } });
  onTestFinished(() => created.close());
  return created;
}

it('gets a text accepted by a server that checks what is known of SMSLocal', async () => {
  const smslocal = await fake();
  const result = await (await provider(smslocal.url, { from: '60199990000' })).send(MESSAGE, never);
  expect(result).toEqual({ kind: 'accepted', providerMessageId: expect.stringMatching(/^9f2a7c10-/), segments: 1 });
  expect(smslocal.requests.map(({ json }) => json)).toEqual([
    { from: '60199990000', to: '60123456789', content: MESSAGE.text, datacoding: 1 },
  ]);
});

it.each([
  ['CRITICAL: disk full, 100% {[~]} äöü é €5', 0],
  ['CRITICAL: 磁盘已满', 1],
  ['a curly quote: ’', 1],
  ['a tab:\t', 1],
])('%s goes with datacoding %i', async (text, datacoding) => {
  const smslocal = await fake();
  expect(await (await provider(smslocal.url)).send({ ...MESSAGE, text }, never)).toMatchObject({ kind: 'accepted' });
  expect(smslocal.requests.map(({ json }) => json)).toEqual([{ to: '60123456789', content: text, datacoding }]);
});

it('reports a wrong key as auth, once', async () => {
  const smslocal = await fake();
  const result = await (await provider(smslocal.url, { apiKey: 'other' })).send(MESSAGE, never);
  expect(result).toMatchObject({ kind: 'refused', error: { reason: 'auth', code: '401', status: 401 } });
  expect(smslocal.requests).toHaveLength(1);
});

it('knows how many parts a long text took', async () => {
  const smslocal = await fake();
  smslocal.respondWith(() => smslocalAccepted(3));
  expect(await (await provider(smslocal.url)).send(MESSAGE, never)).toMatchObject({ kind: 'accepted', segments: 3 });
});

it('does not send the rest of a text that was taken in part', async () => {
  const smslocal = await fake();
  smslocal.respondWith(() => smslocalAnswer([{ errorCode: '200', id: 'a' }, { errorCode: '402' }]));
  expect(await (await provider(smslocal.url)).send(MESSAGE, never)).toMatchObject({ error: { reason: 'unknown_outcome' } });
  expect(smslocal.requests).toHaveLength(1);
});

async function check(baseUrl: string, given: Readonly<Record<string, unknown>> = {}) {
  const checks = (await (await provider(baseUrl, given)).check?.(never)) as readonly Check[];
  expect(JSON.stringify(checks)).not.toContain(API_KEY);
  return Object.fromEntries(checks.map(({ subject, verdict }) => [subject, verdict]));
}

it('is checked by looking up no message, which sends nothing', async () => {
  const smslocal = await fake();
  expect(await check(smslocal.url)).toEqual({ connection: 'ok', credentials: 'unchecked', balance: 'unchecked', sender: 'unchecked' });
  expect(smslocal.requests).toMatchObject([{ method: 'GET', body: '', valid: false }]);
});

it('shows a wrong key when it is checked', async () => {
  const smslocal = await fake();
  expect(await check(smslocal.url, { apiKey: 'other' })).toMatchObject({ connection: 'ok', credentials: 'failed' });
  const forbidding = await startVendor({ status: 403, body: '' });
  expect(await check(forbidding.url)).toMatchObject({ credentials: 'failed' });
});

it('shows a vendor that is ill or away when it is checked', async () => {
  const ill = await startVendor({ status: 503, body: '' });
  expect(await check(ill.url)).toMatchObject({ connection: 'warning', credentials: 'unchecked' });
  expect(await check('http://127.0.0.1:9')).toEqual({ connection: 'failed', balance: 'unchecked', sender: 'unchecked' });
});
