import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAll } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createLogger } from '../../src/logger.ts';
import { openPage } from '../support/page.ts';
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

/** Its file shows all answers; ids of the run are replaced. */
const page = openPage('explain-answers');
const stable = (text: string) => text.replace(/checkout\.production\S*?Z/g, 'ALERT').replace(/\bdigest-[0-9a-f-]{36}/g, 'DIGEST');

/** What the test holds of an answer: its first words, the reasons and the codes in brackets. The page holds its wording. */
function shown(situation: string, text: string): { readonly says: string; readonly reasons: readonly string[] } {
  page.show(situation, stable(text));
  const [says = ''] = text.split(/[:(]/);
  return { says: says.trim(), reasons: [...text.matchAll(/\((\w+)(?=[,)])/g)].map(([, reason]) => reason as string) };
}

describe.concurrent('explain answers on one screen, for an alert and for its message', () => {
  it('gated: names the route and what it wants', async () => {
    const id = await raise(main, { to: '+60123450011', severity: 'warning' });
    expect(shown('gated', await answer(main, id))).toEqual({ says: 'Not texted', reasons: ['below_severity'] });
    const cutOff = await main.type('explain', id.slice(0, -4));
    expect(cutOff).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(`\nDid you mean ${id}? `) });
  });

  it('duplicate: names the alert that it repeats', async () => {
    const alert = { to: '+60123450012', dedupKey: 'checkout/db-1.production.example.com:5432/unreachable' };
    const first = await raise(main, alert);
    await settled(main.url, first);
    expect(shown('duplicate', await answer(main, await raise(main, alert)))).toEqual({ says: 'Not texted', reasons: ['duplicate'] });
  });

  it('capped: says which cap, and when it comes, or that it will not', async () => {
    const to = '+60123450013';
    for (const text of ['one', 'two']) await settled(main.url, await raise(main, { to, text, source: 'patient' }));
    const patient = await raise(main, { to, text: 'three', source: 'patient' });
    expect(shown('capped', await answer(main, patient, ['deferred']))).toEqual({ says: 'Not texted yet', reasons: ['rate_cap_recipient'] });
    const hasty = await raise(main, { to, text: 'four', source: 'patient', expiresAt: new Date(Date.now() + 600_000).toISOString() });
    expect(shown('capped, and its deadline comes first', await answer(main, hasty, ['deferred']))).toEqual({
      says: 'Not texted yet',
      reasons: ['rate_cap_recipient'],
    });
  });

  it('deferred: until when, and by whose word', async () => {
    const id = await raise(main, { to: THROTTLED, source: 'alone' });
    expect(shown('deferred', await answer(main, id, ['deferred']))).toEqual({ says: 'Not texted yet', reasons: ['throttled'] });
    // Whoever comes next does not ask it in vain.
    expect(
      shown(
        'deferred, and the next alert skips the provider',
        await answer(main, await raise(main, { to: '+60123450017', source: 'two' })),
      ),
    ).toEqual({
      says: 'Texted',
      reasons: [],
    });
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
    expect(shown('digested', await answer(brief, told.id))).toEqual({ says: 'Not texted', reasons: ['digested'] });
  });

  it('expired: by which deadline, and what had held it back', async () => {
    const id = await raise(main, { to: '+60123450004', source: 'late' });
    expect(shown('expired', await answer(main, id))).toEqual({ says: 'Not texted', reasons: ['expired', 'throttled'] });
  });

  it('failed over: names both providers, and why', async () => {
    const id = await raise(main, { to: REFUSED_HERE });
    expect(shown('failed over', await answer(main, id))).toEqual({ says: 'Texted', reasons: ['recipient'] });
  });

  it('unknown then resolved: says who said so, and when', async () => {
    const [held, lost] = [await raise(main, { to: SILENT, source: 'held' }), await raise(main, { to: ANSWER_LOST })];
    expect(shown('unknown, and held', await answer(main, held))).toEqual({ says: 'Not texted', reasons: ['unknown_outcome'] });
    const [message] = (await settled(main.url, held)).messages;
    expect((await main.type('unknown', 'resolve', message?.id ?? '', '--sent')).code).toBe(0);
    expect(shown('unknown, then settled by an operator', await answer(main, held))).toEqual({ says: 'Not texted', reasons: [] });
    expect(shown('unknown, then settled by a status query', await answer(main, lost))).toEqual({ says: 'Texted', reasons: [] });
  });

  it('opted out: says how it is undone', async () => {
    expect((await main.type('optouts', 'add', '+60123450015')).code).toBe(0);
    expect(shown('opted out', await answer(main, await raise(main, { to: '+60123450015' })))).toEqual({
      says: 'Not texted',
      reasons: ['opted_out'],
    });
  });

  it('delivered: provider, duration and time of arrival', async () => {
    const id = await raise(main, { to: '+60123450016' });
    const [message] = (await settled(main.url, id)).messages;
    const sid = message?.providerMessageId ?? '';
    twilio.report(sid, 'delivered');
    const { url, headers, body } = twilio.callback(sid);
    const { pathname, search } = new URL(url);
    expect((await fetch(main.url + pathname + search, { method: 'POST', headers, body })).status).toBe(200);
    expect(shown('delivered', await answer(main, id, ['delivered']))).toEqual({ says: 'Texted', reasons: [] });
  });
});

it('every answer reads as its page in test/pages', () => page.compare());
