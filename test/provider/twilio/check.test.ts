import { expect, it, onTestFinished } from 'vitest';
import { createProvider, providerConfigSchemas } from '../../../src/provider/registry.ts';
import { messagingBaseUrl } from '../../../src/provider/twilio/config.ts';
import { noDeps } from '../../conformance/no-deps.ts';
import { startVendor } from '../../conformance/start-vendor.ts';
import { startFakeTwilio } from '../../support/vendors/twilio.ts';

const ACCOUNT = { accountSid: 'AC00000000000000000000000000000001', authToken: 'the-auth-token' };
const FROM = '+15005550006';
const SERVICE = 'MG00000000000000000000000000000001';

async function fake() {
  const twilio = await startFakeTwilio(ACCOUNT);
  onTestFinished(twilio.close);
  twilio.account.numbers.set(FROM, true);
  return twilio;
}

async function check(baseUrl: string, over: Readonly<Record<string, unknown>> = {}, now = new Date()) {
  const config = providerConfigSchemas.twilio.parse({ type: 'twilio', ...ACCOUNT, from: FROM, timeout: '2s', baseUrl, ...over });
  const created = await createProvider('twilio-main', config, { clock: { now: () => now }, ...noDeps });
  onTestFinished(() => created.close());
  const checks = (await created.check?.(new AbortController().signal)) ?? [];
  expect(JSON.stringify(checks)).not.toMatch(/5005550006|the-auth-token/);
  return Object.fromEntries(checks.map(({ subject, verdict }) => [subject, verdict]));
}

const WELL = { connection: 'ok', clock: 'ok', credentials: 'ok', account: 'ok', balance: 'ok', sender: 'ok' };

it('finds nothing wrong with an account in order, and sends nothing', async () => {
  const twilio = await fake();
  expect(await check(twilio.url)).toEqual(WELL);
  expect(twilio.requests.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET']);
});

it('finds wrong credentials, and asks no further', async () => {
  const twilio = await fake();
  expect(await check(twilio.url, { authToken: 'another' })).toEqual({ connection: 'ok', clock: 'ok', credentials: 'failed' });
  expect(twilio.requests).toHaveLength(1);
});

it.each([
  ['is a trial', { type: 'Trial' }, { account: 'warning' }],
  ['is suspended', { status: 'suspended' }, { account: 'failed' }],
  ['is closed', { status: 'closed' }, { account: 'failed' }],
  ['has a status that is new to us', { status: 'asleep' }, { account: 'unchecked' }],
  ['has nothing left', { balance: '-0.01' }, { balance: 'warning' }],
  ['does not tell its balance', { balance: '' }, { balance: 'unchecked' }],
])('sees that the account %s', async (_what, account, found) => {
  const twilio = await fake();
  Object.assign(twilio.account, account);
  expect(await check(twilio.url)).toEqual({ ...WELL, ...found });
});

it.each([
  ['a number that cannot send texts', { from: '+15005550001' }, 'failed'],
  ['a number of somebody else', { from: '+15005550009' }, 'failed'],
  ['a short code of the account', { from: '12345' }, 'ok'],
  ['a short code of somebody else', { from: '54321' }, 'failed'],
  ['a name', { from: 'ACME' }, 'unchecked'],
  ['a Messaging Service of the account', { from: undefined, messagingServiceSid: SERVICE }, 'ok'],
  ['a Messaging Service of nobody', { from: undefined, messagingServiceSid: 'MG9' }, 'failed'],
])('looks up the sender: %s', async (_what, sender, verdict) => {
  const twilio = await fake();
  twilio.account.numbers.set('+15005550001', false);
  twilio.account.shortCodes.push('12345');
  twilio.account.services.push(SERVICE);
  expect(await check(twilio.url, sender)).toEqual({ ...WELL, sender: verdict });
});

it('sees a clock that is wrong', async () => {
  const twilio = await fake();
  expect(await check(twilio.url, {}, new Date(Date.now() - 600_000))).toMatchObject({ clock: 'failed' });
});

it('reports a missing response', async () => {
  expect(await check('http://127.0.0.1:9')).toEqual({ connection: 'failed' });
});

it('learns nothing from an answer that says nothing', async () => {
  const vendor = await startVendor({ status: 503, body: '<html>' });
  expect(await check(vendor.url)).toEqual({ connection: 'ok', clock: 'ok', credentials: 'unchecked' });
  const vague = await startVendor({ status: 200, body: '[]' });
  expect(await check(vague.url)).toEqual({ ...WELL, account: 'unchecked', balance: 'unchecked', sender: 'unchecked' });
});

it.each([
  [undefined, undefined],
  ['https://api.twilio.com', 'https://messaging.twilio.com'],
  ['https://api.sydney.au1.twilio.com/', 'https://messaging.sydney.au1.twilio.com/'],
  ['https://api.ie1.twilio.com:443', 'https://messaging.ie1.twilio.com:443'],
  ['http://127.0.0.1:9999/proxy', 'http://127.0.0.1:9999/proxy'],
  ['https://api.twilio.com.example.net', 'https://api.twilio.com.example.net'],
])('with baseUrl %s asks for a Messaging Service at %s', (baseUrl, expected) => {
  expect(messagingBaseUrl(baseUrl)).toBe(expected);
});
