import { expect, it, onTestFinished } from 'vitest';
import type { StatusQuery } from '../../../src/provider/contract/provider.ts';
import { createProvider, providerConfigSchemas } from '../../../src/provider/registry.ts';
import { MESSAGE, NOW } from '../../conformance/candidate.ts';
import { noDeps } from '../../conformance/no-deps.ts';
import { startVendor } from '../../conformance/start-vendor.ts';
import { startFakeTwilio } from '../../support/vendors/twilio.ts';

const ACCOUNT = { accountSid: 'AC00000000000000000000000000000001', authToken: 'the-auth-token' };
const never = new AbortController().signal;

async function provider(baseUrl: string, over: Readonly<Record<string, unknown>> = {}) {
  const config = providerConfigSchemas.twilio.parse({ type: 'twilio', ...ACCOUNT, from: '+15005550006', timeout: '2s', baseUrl, ...over });
  const created = await createProvider('twilio-main', config, { clock: { now: () => NOW }, ...noDeps });
  onTestFinished(() => created.close());
  return created;
}

/** A text that was sent, and what to ask for it by. */
async function sent() {
  const twilio = await startFakeTwilio(ACCOUNT);
  onTestFinished(twilio.close);
  const main = await provider(twilio.url);
  const sentAt = new Date();
  const accepted = await main.send(MESSAGE, never);
  const providerMessageId = 'providerMessageId' in accepted ? (accepted.providerMessageId as string) : '';
  const ask = (query: Partial<StatusQuery>) => main.status?.({ id: MESSAGE.id, sentAt, ...query }, never);
  return { twilio, main, sentAt, providerMessageId, ask, bySid: () => ask({ providerMessageId }) };
}

it('reads the state of a message by its SID, in one request', async () => {
  const { twilio, providerMessageId, bySid } = await sent();
  expect(await bySid()).toEqual({ kind: 'pending', providerMessageId, segments: 1 });
  twilio.report(providerMessageId, 'delivered');
  expect(await bySid()).toEqual({ kind: 'delivered', providerMessageId, segments: 1 });
  twilio.report(providerMessageId, 'undelivered', 30003);
  expect(await bySid()).toEqual({ kind: 'undelivered', providerMessageId, segments: 1, code: '30003', reason: 'recipient' });
  twilio.report(providerMessageId, 'failed');
  expect(await bySid()).toEqual({ kind: 'undelivered', providerMessageId, segments: 1 });
  expect(twilio.requests.slice(1).map(({ method, path }) => `${method} ${path}`)).toEqual(
    Array(4).fill(`GET /2010-04-01/Accounts/${ACCOUNT.accountSid}/Messages/${providerMessageId}.json`),
  );
});

it('finds a text of which no SID is known by its number, its words and its time', async () => {
  const { twilio, providerMessageId, ask } = await sent();
  twilio.report(providerMessageId, 'delivered');
  expect(await ask({ to: MESSAGE.to, text: MESSAGE.text })).toEqual({ kind: 'delivered', providerMessageId, segments: 1 });
  const { pathname, searchParams } = new URL(twilio.requests.at(-1)?.path ?? '', twilio.url);
  expect(pathname).toBe(`/2010-04-01/Accounts/${ACCOUNT.accountSid}/Messages.json`);
  expect(Object.fromEntries(searchParams)).toEqual({ To: MESSAGE.to, PageSize: '20' });
});

it.each<[string, Partial<StatusQuery>]>([
  ['another SID', { providerMessageId: 'SM00000000000000000000000000000000' }],
  ['other words', { to: MESSAGE.to, text: 'something else' }],
  ['words of an hour ago', { to: MESSAGE.to, text: MESSAGE.text, sentAt: new Date(Date.now() - 3_600_000) }],
  ['words of an hour later', { to: MESSAGE.to, text: MESSAGE.text, sentAt: new Date(Date.now() + 3_600_000) }],
])('is never sure that a text is not there: %s', async (_what, query) => {
  const { ask } = await sent();
  expect(await ask(query)).toMatchObject({ kind: 'unclear' });
});

it('does not choose between two texts that both may be the one', async () => {
  const { main, ask } = await sent();
  await main.send(MESSAGE, never);
  expect(await ask({ to: MESSAGE.to, text: MESSAGE.text })).toMatchObject({ kind: 'unclear', error: { code: 'NOT_FOUND' } });
});

it('knows what a trial account puts before a text, and what came in from that number', async () => {
  const resource = { sid: 'SM1', status: 'sent', date_created: NOW.toUTCString(), direction: 'outbound-api' };
  const messages = [
    { ...resource, sid: 'SM2', body: MESSAGE.text, direction: 'inbound' },
    { ...resource, body: `Sent from your Twilio trial account - ${MESSAGE.text}` },
  ];
  const vendor = await startVendor({ status: 200, body: JSON.stringify({ messages }) });
  const answer = await (await provider(vendor.url)).status?.({ id: 'm', sentAt: NOW, to: MESSAGE.to, text: MESSAGE.text }, never);
  expect(answer).toEqual({ kind: 'pending', providerMessageId: 'SM1' });
});

it.each([{}, { to: MESSAGE.to }, { text: MESSAGE.text }])('asks nothing when there is nothing to ask by: %o', async (query) => {
  const { twilio, ask } = await sent();
  expect(await ask(query)).toMatchObject({ kind: 'unclear', error: { code: 'NOTHING_TO_ASK_BY' } });
  expect(twilio.requests).toHaveLength(1);
});

it('passes on why it was refused', async () => {
  const { twilio } = await sent();
  const other = await provider(twilio.url, { authToken: 'another' });
  const answer = await other.status?.({ id: 'm', sentAt: NOW, providerMessageId: 'SM1' }, never);
  expect(answer).toMatchObject({ kind: 'unclear', error: { reason: 'auth', code: '20003' } });
});
