import dns from 'node:dns';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Clock } from '../../../src/clock.ts';
import type { SmsMessage } from '../../../src/provider/contract/provider.ts';
import { createProvider, providerConfigSchemas } from '../../../src/provider/registry.ts';
import { MESSAGE, NOW } from '../../conformance/candidate.ts';
import { noDeps } from '../../conformance/no-deps.ts';
import { startFakeTwilio, twilioError } from '../../support/vendors/twilio.ts';

const ACCOUNT = { accountSid: 'AC00000000000000000000000000000001', authToken: 'the-auth-token' };
const clock: Clock = { now: () => NOW };
const never = new AbortController().signal;

async function fake() {
  const twilio = await startFakeTwilio(ACCOUNT);
  onTestFinished(twilio.close);
  return twilio;
}

async function provider(given: Readonly<Record<string, unknown>>) {
  const config = providerConfigSchemas.twilio.parse({ type: 'twilio', ...ACCOUNT, from: '+15005550006', timeout: '2s', ...given });
  const created = await createProvider('twilio-main', config, { clock, ...noDeps });
  onTestFinished(() => created.close());
  return created;
}

it('gets a text accepted by a server that checks what Twilio checks', async () => {
  const twilio = await fake();
  const result = await (await provider({ baseUrl: twilio.url })).send(MESSAGE, never);
  expect(result).toEqual({ kind: 'accepted', providerMessageId: expect.stringMatching(/^SM[0-9a-f]{32}$/), segments: 1 });
  expect(twilio.requests.map(({ form }) => form)).toEqual([
    { To: MESSAGE.to, From: '+15005550006', Body: MESSAGE.text, ValidityPeriod: '600' },
  ]);
});

it('sends through a Messaging Service, which has not counted segments yet', async () => {
  const twilio = await fake();
  const sender = await provider({ baseUrl: twilio.url, from: undefined, messagingServiceSid: 'MG00000000000000000000000000000001' });
  const result = await sender.send(MESSAGE, never);
  expect(result).toEqual({ kind: 'accepted', providerMessageId: expect.stringMatching(/^SM/) });
  expect(twilio.requests[0]?.form).toMatchObject({ MessagingServiceSid: 'MG00000000000000000000000000000001' });
  expect(twilio.requests[0]?.form).not.toHaveProperty('From');
});

it('asks for receipts with our id in the URL', async () => {
  const twilio = await fake();
  await (await provider({ baseUrl: twilio.url, statusCallback: 'https://sms.example.com/r?a=1' })).send({ ...MESSAGE, id: 'm-a&b' }, never);
  expect(twilio.requests[0]?.form.StatusCallback).toBe('https://sms.example.com/r?a=1&message=m-a%26b');
});

it('reports wrong credentials as auth, once', async () => {
  const twilio = await fake();
  const result = await (await provider({ baseUrl: twilio.url, authToken: 'another' })).send(MESSAGE, never);
  expect(result).toMatchObject({ kind: 'refused', error: { reason: 'auth', code: '20003', status: 401 } });
  expect(twilio.requests).toHaveLength(1);
});

it('does not try again by itself when Twilio throttles', async () => {
  const twilio = await fake();
  twilio.respondWith(() => twilioError(429, 20429, 'Too Many Requests'));
  const result = await (await provider({ baseUrl: twilio.url })).send(MESSAGE, never);
  expect(result).toMatchObject({ error: { reason: 'throttled', retryAt: new Date(NOW.getTime() + 1_000) } });
  expect(twilio.requests).toHaveLength(1);
});

const FAILED = { sid: 'SM1', num_segments: '1', error_code: null, status: 'failed' };

it.each([
  ['failed by a code of refusals', { ...FAILED, error_code: 21610 }, { reason: 'opted_out', code: '21610' }],
  ['failed by a code of deliveries', { ...FAILED, error_code: 30005 }, { reason: 'recipient', code: '30005', onlyThisMessage: true }],
  ['undelivered', { ...FAILED, status: 'undelivered', error_code: '30034' }, { reason: 'auth', code: '30034', onlyThisMessage: true }],
  ['canceled, without a code', { ...FAILED, status: 'canceled' }, { reason: 'content', code: 'failed', unlisted: true }],
  ['failed by a code that no table holds', { ...FAILED, error_code: 39999 }, { reason: 'content', code: '39999', unlisted: true }],
  ['queued, with an error code', { ...FAILED, status: 'queued', error_code: 30001 }, { reason: 'throttled', code: '30001' }],
  ['an error in the shape of a 4xx', { code: 21614, message: 'x', status: 400 }, { reason: 'recipient', code: '21614' }],
])('a 201 whose text is already %s is a refusal', async (_what, body, error) => {
  const twilio = await fake();
  twilio.respondWith(() => ({ status: 201, body: JSON.stringify(body) }));
  const result = await (await provider({ baseUrl: twilio.url })).send(MESSAGE, never);
  expect(result).toMatchObject({ kind: 'refused', error: { ...error, status: 201 } });
});

it.each(['queued', 'accepted', 'sending', 'sent', 'delivered', 'scheduled', undefined])(
  'a 201 whose text is %s is a yes',
  async (status) => {
    const twilio = await fake();
    twilio.respondWith(() => ({
      status: 201,
      body: JSON.stringify({ sid: 'SM1', error_code: status === 'delivered' ? 30008 : null, status }),
    }));
    expect(await (await provider({ baseUrl: twilio.url })).send(MESSAGE, never)).toEqual({ kind: 'accepted', providerMessageId: 'SM1' });
  },
);

it.each([
  ['no sid', {}],
  ['an empty sid', { sid: '' }],
  ['a sid that is no text', { sid: { a: 1 } }],
  ['a list', []],
])('does not know about a 201 with %s', async (_what, body) => {
  const twilio = await fake();
  twilio.respondWith(() => ({ status: 201, body: JSON.stringify(body) }));
  const result = await (await provider({ baseUrl: twilio.url })).send(MESSAGE, never);
  expect(result).toMatchObject({ kind: 'refused', error: { reason: 'unknown_outcome', status: 201 } });
});

it.each([
  ['2026-11-20T03:00:10.900Z', 10],
  ['2026-11-20T03:00:06.000Z', 6],
  ['2026-11-20T03:00:01.000Z', 6],
  ['2026-11-20T02:00:00.000Z', 6],
  ['2026-11-20T12:59:59.000Z', 35_999],
  ['2026-11-21T03:00:00.000Z', 36_000],
])('a text that expires at %s may queue at Twilio for %i s', async (expiresAt, seconds) => {
  const twilio = await fake();
  await (await provider({ baseUrl: twilio.url })).send({ ...MESSAGE, expiresAt: new Date(expiresAt) }, never);
  expect(twilio.requests[0]?.form.ValidityPeriod).toBe(String(seconds));
});

/** Which host is asked for, without a network: resolving is as far as it gets. */
function watchLookups(): string[] {
  const hosts: string[] = [];
  const lookup = vi.spyOn(dns, 'lookup').mockImplementation(((host: string, _options: unknown, done: (error: Error) => void) => {
    hosts.push(host);
    process.nextTick(done, Object.assign(new Error('no such host'), { code: 'ENOTFOUND', syscall: 'getaddrinfo' }));
  }) as never);
  onTestFinished(() => lookup.mockRestore());
  return hosts;
}

it('goes to api.twilio.com, whatever TWILIO_* says in the environment', async () => {
  vi.stubEnv('TWILIO_REGION', 'au1');
  vi.stubEnv('TWILIO_EDGE', 'sydney');
  onTestFinished(() => void vi.unstubAllEnvs());
  const hosts = watchLookups();
  const result = await (await provider({})).send(MESSAGE, never);
  expect(result).toMatchObject({ error: { reason: 'unavailable', code: 'ENOTFOUND' } });
  expect(hosts).toEqual(['api.twilio.com']);
});

it('uses the credentials of the config, whatever TWILIO_* says in the environment', async () => {
  vi.stubEnv('TWILIO_ACCOUNT_SID', 'ACother');
  vi.stubEnv('TWILIO_AUTH_TOKEN', 'other');
  onTestFinished(() => void vi.unstubAllEnvs());
  const twilio = await fake();
  expect(await (await provider({ baseUrl: twilio.url })).send(MESSAGE, never)).toMatchObject({ kind: 'accepted' });
});

it('leaves a base URL with a host of two labels as it is', async () => {
  const hosts = watchLookups();
  await (await provider({ baseUrl: 'http://fake.test' })).send(MESSAGE, never);
  expect(hosts).toEqual(['fake.test']);
});

it('keeps concurrent calls apart', async () => {
  const twilio = await fake();
  twilio.respondWith(async ({ form }) => {
    await new Promise((resolve) => setTimeout(resolve, form.Body === 'slow' ? 50 : 1));
    if (form.Body === 'bad') return twilioError(400, 21211, 'Invalid');
    return { status: 201, body: JSON.stringify({ sid: `SM-${form.Body}`, num_segments: '1' }) };
  });
  const { send } = await provider({ baseUrl: twilio.url });
  const say = (text: string): SmsMessage => ({ ...MESSAGE, text });
  const aborted = new AbortController();
  const results = Promise.all([
    send(say('slow'), never),
    send(say('bad'), never),
    send(say('fast'), never),
    send(say('slow'), aborted.signal),
  ]);
  aborted.abort();
  expect(await results).toMatchObject([
    { kind: 'accepted', providerMessageId: 'SM-slow' },
    { kind: 'refused', error: { reason: 'recipient' } },
    { kind: 'accepted', providerMessageId: 'SM-fast' },
    { kind: 'refused', error: { code: 'ABORTED' } },
  ]);
});
