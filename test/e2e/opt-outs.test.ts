import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAll } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import type { MessageHistory } from '../../src/ledger/history/history.ts';
import { createLogger } from '../../src/logger.ts';
import { testRedis } from '../support/redis.ts';
import { metrics, post, settled } from '../support/system.ts';
import { until } from '../support/until.ts';
import { type FakeTwilio, signedCallback, startFakeTwilio, twilioError } from '../support/vendors/twilio.ts';
import { writeConfig } from '../support/write-config.ts';

const { url: redisUrl, prefix, redis } = testRedis();
const ACCOUNT = { accountSid: 'AC00000000000000000000000000000001', authToken: 'the-auth-token' };
const PUBLIC_URL = 'https://sms.example.com';
const PATH = '/v1/inbound/twilio-main';

const ends: (() => Promise<void>)[] = [];
let twilio: FakeTwilio;
let spare: FakeTwilio;
let url: string;

beforeAll(async () => {
  [twilio, spare] = await Promise.all([startFakeTwilio(ACCOUNT), startFakeTwilio(ACCOUNT)]);
  const account = `type: twilio, accountSid: ${ACCOUNT.accountSid}, authToken: ${ACCOUNT.authToken}, from: "+15005550006"`;
  const path = await writeConfig(`
providers:
  twilio-main: { ${account}, baseUrl: "${twilio.url}" }
  twilio-spare: { ${account}, baseUrl: "${spare.url}" }
routes:
  - { name: codes, match: { purpose: verification }, providers: [twilio-spare] }
  - { name: default, minSeverity: info, providers: [twilio-main] }
caps: { perRecipient: [], perHour: off }
http: { port: 0, publicUrl: "${PUBLIC_URL}", tokens: [] }
redis: { prefix: "${prefix}" }
shutdown: { grace: 1s }
`);
  const app = createAll({ config: loadConfig({ path, env: {} }).config, redisUrl, logger: createLogger('silent') });
  url = `http://127.0.0.1:${(await app.start()).httpPort}`;
  ends.push(app.stop, twilio.close, spare.close);
});
afterAll(async () => {
  for (const end of ends) await end();
});

let sids = 0;
const sid = () => `SM${String(++sids).padStart(32, '0')}`;

/** Somebody texts our number. */
async function texts(from: string, Body: string, { id = sid(), token = ACCOUNT.authToken } = {}): Promise<Response> {
  const fields = { AccountSid: ACCOUNT.accountSid, MessageSid: id, From: from, To: '+15005550006', Body, NumMedia: '0' };
  const { headers, body } = signedCallback(PUBLIC_URL + PATH, token, fields);
  return fetch(url + PATH, { method: 'POST', headers, body });
}

const KINDS = ['stop', 'start', 'acknowledged', 'unmatched', 'duplicate', 'forged', 'unreadable'];
async function counted(): Promise<Record<string, number>> {
  const scrape = await metrics(url);
  return Object.fromEntries(KINDS.map((kind) => [kind, scrape.get(`sms_inbound_total{provider="twilio-main",kind="${kind}"}`) ?? 0]));
}

/** Does it, and waits until it is counted as that and as nothing else. */
async function counting(act: () => Promise<unknown>, expected: Readonly<Record<string, number>>): Promise<void> {
  const before = await counted();
  await act();
  await until(async () => {
    const after = await counted();
    const grown = KINDS.filter((kind) => after[kind] !== before[kind]).map((kind) => [kind, (after[kind] ?? 0) - (before[kind] ?? 0)]);
    expect(Object.fromEntries(grown)).toEqual(expected);
    return true;
  });
}

let alerts = 0;
async function alert(to: string, purpose = 'alert'): Promise<MessageHistory> {
  const [id] = await post(url, { severity: 'critical', purpose, to, text: `text ${++alerts}` });
  return (await settled(url, id as string, ['accepted', 'suppressed', 'failed'])).messages[0] as MessageHistory;
}

const requestsFor = (to: string) =>
  [...twilio.requests, ...spare.requests].filter(({ method, form }) => method === 'POST' && form.To === to);

describe('STOP', { timeout: 120_000 }, () => {
  it('stops messages to that phone immediately, by every provider and for every purpose; START allows them again', async () => {
    const [phone, other] = ['+60123450001', '+60123450002'];
    expect(await alert(phone)).toMatchObject({ state: 'accepted' });
    await counting(
      async () => {
        const response = await texts(phone, ' Stop. ');
        expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
          200,
          expect.stringMatching(/^text\/xml\b/),
          expect.stringMatching(/<Response\/>$/),
        ]);
      },
      { stop: 1 },
    );
    const suppressed = { state: 'suppressed', reason: 'opted_out', attempts: [] };
    expect(await alert(phone)).toMatchObject(suppressed);
    expect(await alert(phone, 'verification')).toMatchObject(suppressed);
    expect(await alert(other)).toMatchObject({ state: 'accepted' });
    expect(requestsFor(phone)).toHaveLength(1);
    await counting(() => texts(phone, 'START'), { start: 1 });
    expect(await alert(phone)).toMatchObject({ state: 'accepted' });
  });

  it('counts once however often it comes in, and does not undo the START after it', async () => {
    const phone = '+60123450003';
    const id = sid();
    await counting(() => texts(phone, 'STOP', { id }), { stop: 1 });
    await counting(() => texts(phone, 'START'), { start: 1 });
    await counting(() => texts(phone, 'STOP', { id }), { duplicate: 1 });
    expect(await alert(phone)).toMatchObject({ state: 'accepted' });
  });

  it('from a spelling or a sender that no recipient has is not lost', async () => {
    for (const from of ['+225 07 12 34 56', '12345', 'BANK', 'whatsapp:+60123450021']) {
      await counting(async () => expect((await texts(from, 'STOP')).status).toBe(200), { stop: 1 });
    }
    expect(await alert('+60123450021')).toMatchObject({ state: 'suppressed', reason: 'opted_out' });
    await counting(() => texts('+5215555550101', 'STOP'), { stop: 1 });
    expect(await alert('+52 1 55 5555 0101')).toMatchObject({ state: 'suppressed', reason: 'opted_out' });
    expect(await alert('+52 55 5555 0101')).toMatchObject({ state: 'suppressed', reason: 'opted_out' });
    await counting(() => texts('+5491155550103', 'STOP'), { stop: 1 });
    expect(await alert('+54 11 5555-0103')).toMatchObject({ state: 'suppressed', reason: 'opted_out' });
    expect(requestsFor('+525555550101').concat(requestsFor('+541155550103'))).toEqual([]);
  });

  it('that is forged is refused, counted, and changes nothing', async () => {
    const phone = '+60123450004';
    await counting(async () => expect((await texts(phone, 'STOP', { token: 'another' })).status).toBe(403), { forged: 1 });
    expect(await alert(phone)).toMatchObject({ state: 'accepted' });
  });

  it('in a sentence, or any other answer, is none', async () => {
    const phone = '+60123450005';
    await counting(() => texts(phone, 'please stop the backup'), { unmatched: 1 });
    expect(await alert(phone)).toMatchObject({ state: 'accepted' });
  });
});

it("a vendor's report of an opt-out stops messages to the phone: no provider is called for the next one", {
  timeout: 120_000,
}, async () => {
  const phone = '+60123450006';
  twilio.respondWith(({ form }) => (form.To === phone ? twilioError(400, 21610, 'Attempt to send to unsubscribed recipient') : undefined));
  const first = await alert(phone);
  expect(first).toMatchObject({ state: 'failed', reason: 'opted_out' });
  expect(first.events.map(({ verdict }) => verdict)).toContain('opted_out');
  expect(await alert(phone)).toMatchObject({ state: 'suppressed', reason: 'opted_out' });
  expect(await alert(phone, 'verification')).toMatchObject({ state: 'suppressed', reason: 'opted_out' });
  expect(requestsFor(phone)).toHaveLength(1);
});

it('no key and no entry of an opt-out holds a number', async () => {
  const names = await redis.keys(`${prefix.replace(/[{}]/g, '\\$&')}:*`);
  const entries = JSON.stringify(await redis.hgetall(`${prefix}:opt-outs`));
  expect(names.some((name) => name.endsWith(':opt-outs'))).toBe(true);
  expect(`${names.join('\n')}\n${entries}`).not.toMatch(/12345000/);
});
