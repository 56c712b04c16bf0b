import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAll } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { ID_IS_TAKEN } from '../../src/explain/conclude-message.ts';
import { createLogger } from '../../src/logger.ts';
import { testRedis } from '../support/redis.ts';
import { ENDS, post, settled } from '../support/system.ts';
import { createTyping } from '../support/type-command.ts';
import { until } from '../support/until.ts';
import { type FakeTwilio, startFakeTwilio, twilioError } from '../support/vendors/twilio.ts';
import { writeConfig } from '../support/write-config.ts';

const { url: redisUrl, prefix } = testRedis();
const ACCOUNT = { accountSid: `AC${'e'.repeat(32)}`, authToken: 'the-token-of-the-explain-test' };
const PUBLIC_URL = 'https://sms.example.com';

/** How twilio-singapore-main meets a number, by its end. */
const THROTTLED = '+60123450041';
const REFUSED_HERE = '+60123450042';
const ANSWER_LOST = '+60123450043';
/** The simulated phone that takes texts and never answers. */
const SILENT = '+60123450005';

type Typing = ReturnType<typeof createTyping>;
interface System {
  readonly url: string;
  readonly type: Typing;
}

const ends: (() => Promise<unknown>)[] = [];
let twilio: FakeTwilio;
let main: System;
/** Whose cap has room again after a second, so that a digest goes out while we wait. */
let brief: System;

beforeAll(async () => {
  const vendors = await Promise.all([startFakeTwilio(ACCOUNT), startFakeTwilio(ACCOUNT)]);
  [twilio] = vendors;
  ends.push(...vendors.map(({ close }) => close));
  twilio.respondWith(({ form }) => {
    if (form.To === THROTTLED) return twilioError(429, 20429, 'Too Many Requests', { 'retry-after': '900' });
    if (form.To === REFUSED_HERE) return twilioError(400, 21612, "The 'To' phone number is not currently reachable");
    if (form.To !== ANSWER_LOST) return undefined;
    twilio.take(form);
    return 'hang';
  });
  const account = `type: twilio, accountSid: ${ACCOUNT.accountSid}, authToken: ${ACCOUNT.authToken}, from: "+15005550006"`;
  [main, brief] = await Promise.all([
    run(`
providers:
  twilio-singapore-main:
    { ${account}, baseUrl: "${twilio.url}", timeout: 1s, statusCallback: "${PUBLIC_URL}/v1/receipts/twilio-singapore-main" }
  twilio-tokyo: { ${account}, baseUrl: "${twilio.url}" }
  twilio-frankfurt-backup: { ${account}, baseUrl: "${vendors[1].url}" }
  simulated-desk-phone: { type: simulated, timeout: 1s }
routes:
  - { name: one-provider-alone, match: { source: alone }, providers: [twilio-tokyo] }
  - { name: tokyo-before-frankfurt, match: { source: two }, providers: [twilio-tokyo, twilio-frankfurt-backup] }
  - { name: held-when-unknown, match: { source: held }, onUnknown: hold, providers: [simulated-desk-phone] }
  - { name: soon-too-late, match: { source: late }, expiresAfter: 1s, providers: [simulated-desk-phone] }
  - { name: good-for-a-day, match: { source: patient }, expiresAfter: 24h, overflow: defer, providers: [simulated-desk-phone] }
  - { name: default, overflow: defer, providers: [twilio-singapore-main, twilio-frankfurt-backup] }
caps: { perRecipient: [{ max: 2, per: 1h }], perHour: off }
http: { port: 0, publicUrl: "${PUBLIC_URL}" }
redis: { prefix: "${prefix}" }
shutdown: { grace: 1s }
`),
    run(`
providers: { simulated-desk-phone: { type: simulated, receipts: false } }
routes: [{ name: digested-when-it-storms, overflow: digest, providers: [simulated-desk-phone] }]
caps: { perRecipient: [{ max: 1, per: 1s }], perHour: off }
http: { port: 0 }
redis: { prefix: "${prefix.replace('}', '-brief}')}" }
shutdown: { grace: 1s }
`),
  ]);
});
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

async function run(yaml: string): Promise<System> {
  const loaded = loadConfig({ path: await writeConfig(yaml), env: {} });
  const app = createAll({ config: loaded.config, redisUrl, logger: createLogger('silent') });
  const { httpPort } = await app.start();
  ends.push(app.stop);
  return { url: `http://127.0.0.1:${httpPort}`, type: createTyping({ redisUrl, loaded }) };
}

/** As long as an id of ours gets, and as that of a workflow engine. */
let ids = 0;
const longId = () => `checkout.production.eu-central-1_${String(++ids).padStart(4, '0')}_2026-11-20T03-00-00Z`;

async function raise({ url }: System, alert: object): Promise<string> {
  const id = longId();
  await post(url, { id, severity: 'critical', text: `Database unreachable ${id}`, ...alert });
  return id;
}

/** What a person reads, as paragraphs; it fills no more than a terminal of 24 lines and 100 columns. */
async function explained({ type }: System, id: string): Promise<string> {
  const { code, stdout, stderr } = await type('explain', id);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  expect(lines.filter((line) => line.length > 100)).toEqual([]);
  // The last one is the prompt's.
  expect(lines.length, stdout).toBeLessThan(24);
  expect(stdout).not.toMatch(/\+60123450\d{3}/);
  return stdout;
}

/** The sentences before the facts, on one line: the answer, then what to do. Without what passes while we look. */
function answerOf(stdout: string): string {
  return stdout
    .slice(0, stdout.indexOf('\n\n'))
    .replaceAll('\n', ' ')
    .replace(/, in (\d+ (h|min|s) ?)+/, ', in a while')
    .replace(/, after [\d.]+ s/, ', soon')
    .replace(/20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, 'THEN');
}

/** The answer for an alert, which is the same for its only message. */
async function answer(system: System, alertId: string, states: readonly string[] = ENDS): Promise<string> {
  const [message] = (await settled(system.url, alertId, states)).messages;
  const text = answerOf(await explained(system, alertId));
  if (message !== undefined) expect(answerOf(await explained(system, message.id))).toBe(text);
  return text;
}

describe.concurrent('explain answers on one screen, for an alert and for its message', () => {
  it('gated: names the route and what it wants', async () => {
    const id = await raise(main, { to: '+60123450011', severity: 'warning' });
    expect(await answer(main, id)).toBe(
      'Not texted: its severity is below the minimum of its route (below_severity): route default has minSeverity critical. Raise it with a higher severity, or lower minSeverity of the route (for alerts the default is critical).',
    );
    const cutOff = await main.type('explain', id.slice(0, -4));
    expect(cutOff).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(`\nDid you mean ${id}? `) });
  });

  it('duplicate: names the alert that it repeats', async () => {
    const alert = { to: '+60123450012', dedupKey: 'checkout/db-1.production.example.com:5432/unreachable' };
    const first = await raise(main, alert);
    await settled(main.url, first);
    expect(await answer(main, await raise(main, alert))).toBe(
      `Not texted: another alert with the same dedup key was raised for the same phone within dedupeFor (duplicate): same dedup key as alert ${first}. Alert ${first}: Texted: accepted by twilio-singapore-main at THEN, soon. No delivery receipt has arrived; not every provider sends them. A message is sent again when dedupeFor of the route has passed, when \`sms-dispatch resolve DEDUP_KEY\` ends the episode, or when the severity rises.`,
    );
  });

  it('capped: says which cap, and when it comes, or that it will not', async () => {
    const to = '+60123450013';
    for (const text of ['one', 'two']) await settled(main.url, await raise(main, { to, text, source: 'patient' }));
    const patient = await raise(main, { to, text: 'three', source: 'patient' });
    expect(await answer(main, patient, ['deferred'])).toBe(
      'Not texted yet: this phone has reached caps.perRecipient (rate_cap_recipient). It is retried at THEN, in a while. Find out what raises so many alerts before you raise the cap.',
    );
    const hasty = await raise(main, { to, text: 'four', source: 'patient', expiresAt: new Date(Date.now() + 600_000).toISOString() });
    expect(await answer(main, hasty, ['deferred'])).toBe(
      'Not texted yet: this phone has reached caps.perRecipient (rate_cap_recipient). Its next try would be at THEN, and its deadline is THEN: unless it can be sent before, it expires. If a late message is better than none, increase expiresAfter of the route or expiresAt of the alert.',
    );
  });

  it('deferred: until when, and by whose word', async () => {
    const id = await raise(main, { to: THROTTLED, source: 'alone' });
    expect(await answer(main, id, ['deferred'])).toBe(
      'Not texted yet: the provider asked us to slow down (throttled, code 20429, HTTP 429 from twilio-tokyo). It is retried at THEN, in a while. If it happens often, set maxPerSecond of the provider to what the account is allowed, or have that limit raised.',
    );
    // Whoever comes next does not ask it in vain.
    expect(await answer(main, await raise(main, { to: '+60123450017', source: 'two' }))).toBe(
      'Texted: accepted by twilio-frankfurt-backup at THEN, soon. No delivery receipt has arrived; not every provider sends them. Skipped: twilio-tokyo is skipped until THEN: it throttled us.',
    );
  });

  it('digested: names the digest, and what became of it', async () => {
    const to = '+60123450014';
    const storm = await Promise.all(['one', 'two', 'three'].map((text) => raise(brief, { to, text })));
    const told = await until(async () => {
      const alerts = await Promise.all(storm.map((id) => settled(brief.url, id)));
      return alerts.find(({ messages }) => messages[0]?.reason === 'digested');
    });
    const digest = told.messages[0]?.digest ?? '';
    await until(async () => (await brief.type('explain', digest)).stdout.startsWith('Not texted (simulated'));
    expect(await answer(brief, told.id)).toBe(
      `Not texted: it is part of a digest (digested): part of ${digest}; held back by rate_cap_recipient. The digest that contains it, ${digest}: Not texted (simulated: no phone was texted): accepted by simulated-desk-phone at THEN, soon. ${ID_IS_TAKEN}`,
    );
  });

  it('expired: by which deadline, and what had held it back', async () => {
    const id = await raise(main, { to: '+60123450004', source: 'late' });
    expect(await answer(main, id)).toBe(
      'Not texted: its deadline passed before it could be sent (expired); the deadline was THEN. Before that, the provider asked us to slow down (throttled, code 0004 from simulated-desk-phone). If a late message is better than none, increase expiresAfter of the route or expiresAt of the alert.',
    );
  });

  it('failed over: names both providers, and why', async () => {
    const id = await raise(main, { to: REFUSED_HERE });
    expect(await answer(main, id)).toBe(
      'Texted: accepted by twilio-frankfurt-backup at THEN, soon. No delivery receipt has arrived; not every provider sends them. twilio-singapore-main did not accept it: the provider reports that this number cannot receive SMS (recipient, code 21612, HTTP 400).',
    );
  });

  it('unknown then resolved: says who said so, and when', async () => {
    const [held, lost] = [await raise(main, { to: SILENT, source: 'held' }), await raise(main, { to: ANSWER_LOST })];
    expect(await answer(main, held)).toBe(
      `Not texted (simulated: no phone was texted): simulated-desk-phone gave no readable response (unknown_outcome). ${ID_IS_TAKEN}`,
    );
    const [message] = (await settled(main.url, held)).messages;
    expect((await main.type('unknown', 'resolve', message?.id ?? '', '--sent')).code).toBe(0);
    expect(await answer(main, held)).toBe(
      `Not texted (simulated: no phone was texted): an operator confirmed at THEN that simulated-desk-phone sent it; its response had not arrived. ${ID_IS_TAKEN}`,
    );
    expect(await answer(main, lost)).toBe(
      'Texted: twilio-singapore-main confirmed in a status query at THEN that it has the message; its response had not arrived. No delivery receipt has arrived; not every provider sends them.',
    );
  });

  it('opted out: says how it is undone', async () => {
    expect((await main.type('optouts', 'add', '+60123450015')).code).toBe(0);
    expect(await answer(main, await raise(main, { to: '+60123450015' }))).toBe(
      'Not texted: the recipient has opted out (opted_out). The recipient can opt in again by texting START to the sender. `sms-dispatch optouts list` shows since when; if their START cannot reach us, use `optouts remove`.',
    );
  });

  it('delivered: provider, duration and time of arrival', async () => {
    const id = await raise(main, { to: '+60123450016' });
    const [message] = (await settled(main.url, id)).messages;
    const sid = message?.providerMessageId ?? '';
    twilio.report(sid, 'delivered');
    const { url, headers, body } = twilio.callback(sid);
    const { pathname, search } = new URL(url);
    expect((await fetch(main.url + pathname + search, { method: 'POST', headers, body })).status).toBe(200);
    expect(await answer(main, id, ['delivered'])).toBe(
      'Texted: accepted by twilio-singapore-main at THEN, soon; a receipt confirms delivery at THEN.',
    );
  });
});
