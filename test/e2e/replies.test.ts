import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAll } from '../../src/app.ts';
import { createLogger } from '../../src/logger.ts';
import { loadYaml } from '../config/load-yaml.ts';
import { testRedis } from '../support/redis.ts';
import { metrics, post, settled, total, trace } from '../support/system.ts';
import { createTyping } from '../support/type-command.ts';
import { until } from '../support/until.ts';
import { type FakeTwilio, signedCallback, startFakeTwilio } from '../support/vendors/twilio.ts';

const { url: redisUrl, prefix } = testRedis();
const ACCOUNT = { accountSid: `AC${'a'.repeat(32)}`, authToken: 'the-token-of-the-replies-test' };
const PUBLIC_URL = 'https://sms.example.com';
const PATH = '/v1/inbound/twilio-main';
const ALICE = '+60123450021';
const BOB = '+60123450022';
/** In no contact. */
const EVE = '+60123450023';

const ends: (() => Promise<void>)[] = [];
let twilio: FakeTwilio;
let url: string;
let type: ReturnType<typeof createTyping>;

beforeAll(async () => {
  twilio = await startFakeTwilio(ACCOUNT);
  const loaded = loadYaml(`
providers:
  twilio-main: { type: twilio, accountSid: ${ACCOUNT.accountSid}, authToken: ${ACCOUNT.authToken}, from: "+15005550006", baseUrl: "${twilio.url}" }
routes: [{ name: default, acknowledge: true, providers: [twilio-main] }]
contacts: { alice: { phone: "${ALICE}", consent: true }, bob: { phone: "${BOB}", consent: true } }
caps: { perRecipient: [{ max: 4, per: 1h }] }
replies: { confirm: true }
http: { port: 0, publicUrl: "${PUBLIC_URL}" }
redis: { prefix: "${prefix}" }
`);
  const app = createAll({ config: loaded.config, redisUrl, logger: createLogger('silent') });
  url = `http://127.0.0.1:${(await app.start()).httpPort}`;
  type = createTyping({ redisUrl, loaded });
  ends.push(app.stop, twilio.close);
});
afterAll(async () => {
  for (const end of ends) await end();
});

let sids = 0;
/** Somebody texts our number; waits until it is worked off. */
async function replies(from: string, Body: string, MessageSid = `SM${String(++sids).padStart(32, '0')}`): Promise<void> {
  const count = async () => total([await metrics(url)], 'sms_inbound_total');
  const before = await count();
  const { headers, body } = signedCallback(PUBLIC_URL + PATH, ACCOUNT.authToken, {
    AccountSid: ACCOUNT.accountSid,
    MessageSid,
    From: from,
    To: '+15005550006',
    Body,
    NumMedia: '0',
  });
  expect((await fetch(url + PATH, { method: 'POST', headers, body })).status).toBe(200);
  await until(async () => (await count()) > before);
}

const textsTo = (to: string) =>
  twilio.requests.flatMap(({ method, form }) => (method === 'POST' && form.To === to ? [form.Body ?? ''] : []));
const confirmations = () =>
  [ALICE, BOB, EVE].flatMap((to) =>
    textsTo(to)
      .filter((text) => text.startsWith('Acknowledged'))
      .map((text) => `${to} ${text}`),
  );

/** Raises an alert and gives the code that its text to a phone ends in. */
async function raise(to: string[], dedupKey: string): Promise<{ id: string; codeOf: (phone: string) => string }> {
  const [id = ''] = await post(url, { severity: 'critical', to, text: `about ${dedupKey}`, dedupKey });
  await settled(url, id, ['accepted']);
  const codeOf = (phone: string) => /reply (\w{4})$/.exec(textsTo(phone).find((text) => text.includes(dedupKey)) ?? '')?.[1] ?? 'none';
  return { id, codeOf };
}

describe('a reply that acknowledges', () => {
  test('is confirmed by one text for each alert, however many replies there are, and names the contact', async () => {
    const { id, codeOf } = await raise(['contact:alice', 'contact:bob'], 'db-1/full');
    await replies(ALICE, `ok ${codeOf(ALICE)}`);
    await replies(BOB, codeOf(BOB));
    await replies(ALICE, codeOf(ALICE));
    const found = await settled(url, id, ['accepted']);
    expect(confirmations()).toEqual([`${ALICE} Acknowledged by alice: no further messages about db-1/full.`]);
    expect(found.messages.map(({ says = 'firing', contact }) => `${says} ${contact}`)).toEqual([
      'firing alice',
      'firing bob',
      'acknowledged alice',
    ]);
    const told = (await type('explain', id)).stdout.replace(/\s+/g, ' ');
    expect(told).toContain('acknowledged by contact alice (reply): unsent messages of its dedup key are cancelled');
    expect(told).toContain('confirmation: accepted twilio-main');
    expect(found.events).toContainEqual(expect.objectContaining({ verdict: 'acknowledged', detail: 'contact alice (reply)' }));
  });

  test('is confirmed to a number of no contact as well, which is named by its mask', async () => {
    const { id, codeOf } = await raise([EVE], 'db-2/full');
    await replies(EVE, codeOf(EVE));
    await until(async () => confirmations().some((text) => text.startsWith(EVE)));
    expect(confirmations().at(-1)).toBe(`${EVE} Acknowledged: no further messages about db-2/full.`);
    expect((await trace(url, id)).events).toContainEqual(expect.objectContaining({ detail: '+60*******023 (reply)' }));
  });

  test('gets no text beyond a cap, and that is to be seen', async () => {
    const { codeOf: first } = await raise([BOB], 'cap/1');
    await raise([BOB], 'cap/2');
    const { id, codeOf } = await raise([BOB], 'cap/3');
    const before = confirmations().length;
    await replies(BOB, codeOf(BOB));
    const found = await settled(url, id);
    expect(found.messages.at(-1)).toMatchObject({ says: 'acknowledged', state: 'suppressed', reason: 'rate_cap_recipient' });
    await replies(BOB, first(BOB));
    expect(confirmations()).toHaveLength(before);
  });
});

test('a reply that matches nothing is kept, masked, with what was made of it', async () => {
  const { codeOf } = await raise([ALICE], 'db-3/full');
  const code = codeOf(ALICE);
  expect((await type('resolve', 'db-3/full')).code).toBe(0);
  await replies(ALICE, code);
  await replies(ALICE, 'who\u001b[2J is this?');
  await replies('+60199999999', 'K7Q2');
  await replies('+60199999999', 'ok');

  const { stdout, code: exit } = await type('inbound', 'list', '--json', '--limit', '4');
  expect(exit).toBe(0);
  expect((JSON.parse(stdout) as { inbound: unknown[] }).inbound).toMatchObject([
    { from: '+60*******999', contact: null, text: 'ok', kind: 'unmatched', reason: 'nothing_open' },
    { from: '+60*******999', contact: null, text: 'K7Q2', kind: 'unmatched', reason: 'unknown_code' },
    { from: '+60*******021', contact: 'alice', text: 'who [2J is this?', kind: 'unmatched', reason: 'no_code', provider: 'twilio-main' },
    { from: '+60*******021', contact: 'alice', text: code, kind: 'unmatched', reason: 'already_resolved' },
  ]);
  const listed = (await type('inbound', 'list', '--unmatched')).stdout;
  expect(listed).toContain('+60*******021 (alice)  nothing: the alert is already resolved');
  expect(listed).not.toMatch(/acknowledged a-/);
  expect((await type('inbound', 'list')).stdout).toMatch(/acknowledged a-/);
  expect(total([await metrics(url)], 'sms_inbound_total', 'kind="unmatched"')).toBeGreaterThanOrEqual(4);
});
