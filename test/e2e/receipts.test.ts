import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MessageHistory } from '../../src/ledger/history/history.ts';
import { testRedis } from '../support/redis.ts';
import { call, launch, metrics, post, type SystemProcess, settled } from '../support/system.ts';
import { until } from '../support/until.ts';
import { type FakeTwilio, signedCallback, startFakeTwilio, type TwilioCallback } from '../support/vendors/twilio.ts';

const { url: redisUrl, prefix } = testRedis();
const ACCOUNT = { accountSid: 'AC00000000000000000000000000000001', authToken: 'the-auth-token' };
const PUBLIC_URL = 'https://sms.example.com';

const cleanups: (() => Promise<unknown>)[] = [];
let twilio: FakeTwilio;
let system: SystemProcess;

beforeAll(async () => {
  twilio = await startFakeTwilio(ACCOUNT);
  cleanups.unshift(twilio.close);
  const config = `
providers:
  twilio-main:
    type: twilio
    accountSid: ${ACCOUNT.accountSid}
    authToken: ${ACCOUNT.authToken}
    from: "+15005550006"
    baseUrl: ${twilio.url}
    timeout: 2s
    statusCallback: ${PUBLIC_URL}/v1/receipts/twilio-main
  aws: { type: sns, region: eu-central-1, accessKeyId: key, secretAccessKey: secret }
routes: [{ name: default, providers: [twilio-main], onUnknown: hold }]
caps: { perRecipient: [], perHour: off }
http: { publicUrl: "${PUBLIC_URL}", tokens: [] }
redis: { prefix: "${prefix}" }
`;
  system = await launch({ config, redisUrl, onEnd: (end) => cleanups.unshift(end) });
});
afterAll(async () => {
  for (const cleanup of cleanups) await cleanup();
});

let numbers = 0;

/** A text that Twilio has taken. */
async function textAccepted(): Promise<MessageHistory> {
  numbers += 1;
  const [id] = await post(system.url, { severity: 'critical', to: `+6012345${String(1000 + numbers)}`, text: `text ${numbers}` });
  const trace = await settled(system.url, id as string, ['accepted', 'unknown']);
  return trace.messages[0] as MessageHistory;
}

/** What Twilio posts, as it reaches us through whatever stands before us. */
async function deliver({ url, headers, body }: TwilioCallback): Promise<number> {
  const { pathname, search } = new URL(url);
  return (await fetch(system.url + pathname + search, { method: 'POST', headers, body })).status;
}

async function say(sid: string, status: string, code?: number): Promise<number> {
  twilio.report(sid, status, code);
  return deliver(twilio.callback(sid));
}

const message = async (id: string) => (await call<MessageHistory>(`${system.url}/v1/messages/${id}`)).body;
const becomes = (id: string, state: string) =>
  until(async () => {
    const found = await message(id);
    return found.state === state ? found : Promise.reject(new Error(`still ${found.state}`));
  });

async function counted(): Promise<Record<string, number>> {
  const scrape = await metrics(system.url);
  const states = ['delivered', 'undelivered', 'pending', 'early', 'late', 'duplicate', 'reordered', 'unmatched', 'forged', 'unreadable'];
  return Object.fromEntries(states.map((state) => [state, scrape.get(`sms_receipts_total{provider="twilio-main",state="${state}"}`) ?? 0]));
}

/** What is counted from here on, waited for. */
async function counting(act: () => Promise<unknown>, expected: Readonly<Record<string, number>>): Promise<void> {
  const before = await counted();
  await act();
  await until(async () => {
    const after = await counted();
    const grown = Object.fromEntries(Object.keys(after).map((state) => [state, (after[state] ?? 0) - (before[state] ?? 0)]));
    expect(Object.fromEntries(Object.entries(grown).filter(([, by]) => by !== 0))).toEqual(expected);
    return true;
  });
}

describe('a status callback of Twilio', { timeout: 240_000 }, () => {
  it('that says delivered makes the message delivered; what comes twice or too late changes nothing', async () => {
    const { id, providerMessageId } = await textAccepted();
    const sid = providerMessageId as string;
    await counting(
      async () => {
        expect(await say(sid, 'sent')).toBe(200);
        await until(async () => (await message(id)).events.some(({ verdict }) => verdict === 'pending'));
        expect(await say(sid, 'delivered')).toBe(200);
        await becomes(id, 'delivered');
        expect(await say(sid, 'delivered')).toBe(200);
        expect(await say(sid, 'sent')).toBe(200);
      },
      { pending: 1, delivered: 1, duplicate: 1, reordered: 1 },
    );
    const trace = await message(id);
    expect(trace.state).toBe('delivered');
    expect(trace.events.filter(({ stage }) => stage === 'receipt').map(({ verdict }) => verdict)).toEqual(['pending', 'delivered']);
    const scrape = await metrics(system.url);
    expect(scrape.get('sms_accepted_to_delivered_seconds_count{provider="twilio-main"}')).toBe(1);
  });

  it('that reports undelivered has a reason, and a later delivery overrides it', async () => {
    const { id, providerMessageId } = await textAccepted();
    await say(providerMessageId as string, 'undelivered', 30007);
    const trace = await becomes(id, 'undelivered');
    expect(trace).toMatchObject({ reason: 'content' });
    expect(trace.events.at(-1)).toMatchObject({ reason: 'content', detail: 'reported by twilio-main, code 30007' });
    await say(providerMessageId as string, 'delivered');
    expect(await becomes(id, 'delivered')).toMatchObject({ reason: null });
  });

  it('that is forged is refused and counted, and changes nothing', async () => {
    const { id, providerMessageId } = await textAccepted();
    const sid = providerMessageId as string;
    twilio.report(sid, 'delivered');
    const genuine = twilio.callback(sid);
    const { 'x-twilio-signature': _, ...unsigned } = genuine.headers;
    await counting(
      async () => {
        expect(await deliver({ ...genuine, headers: unsigned })).toBe(403);
        expect(await deliver({ ...genuine, body: genuine.body.replace('delivered', 'undelivered') })).toBe(403);
        expect(await deliver({ ...genuine, url: genuine.url.replace(/message=.*/, 'message=m-another') })).toBe(403);
        expect(await deliver(signedCallback(genuine.url, 'another-token', { MessageSid: sid, MessageStatus: 'delivered' }))).toBe(403);
      },
      { forged: 4 },
    );
    expect((await message(id)).state).toBe('accepted');
  });

  it('that cannot be read is refused and counted', async () => {
    await counting(
      async () => {
        const callback = signedCallback(`${PUBLIC_URL}/v1/receipts/twilio-main`, ACCOUNT.authToken, { AccountSid: 'AC1' });
        expect(await deliver(callback)).toBe(400);
      },
      { unreadable: 1 },
    );
  });

  it('for an unknown message waits for it', async () => {
    await counting(
      async () => {
        const fields = { MessageSid: 'SM00000000000000000000000000000009', MessageStatus: 'delivered' };
        const callback = signedCallback(`${PUBLIC_URL}/v1/receipts/twilio-main?message=m-nobody`, ACCOUNT.authToken, fields);
        expect(await deliver(callback)).toBe(200);
      },
      { early: 1 },
    );
  });

  it('resolves a message with unknown outcome', async () => {
    twilio.respondWith(() => 'reset');
    const { id, state } = await textAccepted();
    twilio.respondWith(() => undefined);
    expect(state).toBe('unknown');
    const { StatusCallback } = twilio.requests.findLast(({ method }) => method === 'POST')?.form ?? {};
    const said = (MessageStatus: string) =>
      deliver(
        signedCallback(StatusCallback as string, ACCOUNT.authToken, { MessageSid: 'SM00000000000000000000000000000007', MessageStatus }),
      );
    expect(await said('sent')).toBe(200);
    expect(await becomes(id, 'accepted')).toMatchObject({ provider: 'twilio-main', reason: null });
    expect(await said('delivered')).toBe(200);
    await becomes(id, 'delivered');
    const scrape = await metrics(system.url);
    expect(scrape.get('sms_unknown_outcomes_total{provider="twilio-main",resolution="receipt"}')).toBe(1);
  });

  it('for a failed message is recorded in its trace, and does not change its state', async () => {
    twilio.respondWith(() => ({ status: 400, body: '{"code":21211}' }));
    const [id] = await post(system.url, { severity: 'critical', to: '+60123459999', text: 'refused' });
    const failed = (await settled(system.url, id as string, ['failed'])).messages[0] as MessageHistory;
    twilio.respondWith(() => undefined);
    const url = `${PUBLIC_URL}/v1/receipts/twilio-main?message=${failed.id}`;
    await counting(() => deliver(signedCallback(url, ACCOUNT.authToken, { MessageSid: 'SM1', MessageStatus: 'delivered' })), { late: 1 });
    const trace = await message(failed.id);
    expect(trace).toMatchObject({ state: 'failed', reason: 'recipient' });
    expect(trace.events.at(-1)).toMatchObject({ verdict: 'late', detail: 'says delivered, reported by twilio-main' });
  });
});

it('says which providers report nothing', async () => {
  const answer = await call<{ detail: string }>(`${system.url}/v1/receipts/aws`, { body: {} });
  expect(answer).toMatchObject({ status: 404, body: { detail: 'Receipts of sns are not supported.' } });
});
