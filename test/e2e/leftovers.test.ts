import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type App, createAll, createReceiver } from '../../src/app.ts';
import type { LoadedConfig } from '../../src/config/load-config.ts';
import { createLogger } from '../../src/logger.ts';
import { ALERT_QUEUE } from '../../src/queue/names.ts';
import { loadYaml } from '../config/load-yaml.ts';
import { testRedis } from '../support/redis.ts';
import { metrics, post, settled, total, trace } from '../support/system.ts';
import { createTyping, type Typed } from '../support/type-command.ts';
import { until } from '../support/until.ts';
import { type FakeTwilio, startFakeTwilio } from '../support/vendors/twilio.ts';

const { url: redisUrl, prefix: shared, redis } = testRedis();
const ACCOUNT = { accountSid: `AC${'e'.repeat(32)}`, authToken: 'the-token-of-the-leftovers-test' };
const PHONE = '+60123450111';

let twilio: FakeTwilio;
beforeAll(async () => {
  twilio = await startFakeTwilio(ACCOUNT);
});
afterAll(() => twilio.close());

const SIMULATED = '{ type: simulated }';
const real = () =>
  `{ type: twilio, accountSid: ${ACCOUNT.accountSid}, authToken: ${ACCOUNT.authToken}, from: "+15005550006", baseUrl: "${twilio.url}" }`;

/** One prefix, as one data directory: what the first config leaves there the next one finds. */
function machine(more = ', dedupeFor: 0', caps = '{ perRecipient: [{ max: 1, per: 1h }] }') {
  const prefix = `${shared}:${randomUUID().slice(0, 8)}`;
  const load = (name: string, provider: string): LoadedConfig =>
    loadYaml(`
providers: { ${name}: ${provider} }
routes: [{ name: default, providers: [${name}]${more} }]
caps: ${caps}
redis: { prefix: "${prefix}" }
http: { port: 0 }
`);
  const start = async ({ config }: LoadedConfig, create = createAll): Promise<{ app: App; url: string }> => {
    const app = create({ config, redisUrl, logger: createLogger('silent') });
    onTestFinished(() => app.stop());
    return { app, url: `http://127.0.0.1:${(await app.start()).httpPort}` };
  };
  return { prefix, load, start };
}

const oneLine = ({ stdout }: Typed) => stdout.replace(/\s+/g, ' ');
const alert = (text: string) => ({ severity: 'critical', to: PHONE, text });
const textsTo = (text: string) => twilio.requests.filter(({ form }) => form.Body?.includes(text)).length;

describe('what a trial left is not handed to a real provider at the next start', () => {
  test.each([
    ['the simulator is taken out', 'desk', 'twilio-main'],
    ['the provider keeps its name and gets another type', 'main', 'main'],
  ])('messages that a cap holds back, when %s', async (what, before, after) => {
    const { load, start, prefix } = machine(', dedupeFor: 0, overflow: defer');
    const trial = await start(load(before, SIMULATED));
    const [first = '', held = ''] = await post(trial.url, [alert(`trial one: ${what}`), alert(`trial two: ${what}`)]);
    await until(
      async () =>
        (await trace(trial.url, held)).messages[0]?.state === 'deferred' ||
        (await trace(trial.url, first)).messages[0]?.state === 'deferred',
    );
    const waiting = (await trace(trial.url, held)).messages[0]?.state === 'deferred' ? held : first;
    await trial.app.stop();

    const loaded = load(after, real());
    const live = await start(loaded);
    const type = createTyping({ redisUrl, loaded });
    // As at the end of the hour.
    const messages = new Queue('sms-messages', { connection: redis, prefix });
    onTestFinished(() => messages.close());
    const messageId = (await trace(live.url, waiting)).messages[0]?.id as string;
    await (await messages.getJob(messageId))?.promote();
    const left = await settled(live.url, waiting);
    expect(left.messages).toMatchObject([{ state: 'failed', reason: 'simulated', attempts: [] }]);
    expect(textsTo(what)).toBe(0);
    expect(total([await metrics(live.url)], 'sms_message_outcomes_total', 'reason="simulated"')).toBe(1);
    expect(oneLine(await type('explain', waiting))).toMatch(
      /^Not texted: .+ \(simulated\): raised while its route had only simulated providers/,
    );
    expect((await type('dead', 'list')).stdout).toContain('simulated');

    // Neither by the way, but when that very thing is asked for.
    expect((await type('dead', 'replay', '--all')).stderr).toContain('1 raised for simulated providers skipped');
    expect((await trace(live.url, waiting)).messages[0]?.state).toBe('failed');
    expect((await type('dead', 'replay', '--all', '--reason', 'simulated')).code).toBe(0);
    // The operator insists, and no slot of the real phone is used up by the trial.
    await until(async () => (await trace(live.url, waiting)).messages[0]?.state === 'accepted');
    expect((await trace(live.url, waiting)).messages).toMatchObject([{ provider: after }]);
  });

  test('alerts that no router had taken yet; those that are raised since then are texted', async () => {
    const { load, start } = machine();
    const trial = await start(load('desk', SIMULATED));
    await trial.app.stop();
    const door = await start(load('desk', SIMULATED), createReceiver);
    const [old = ''] = await post(door.url, [alert('queued in the trial')]);
    await door.app.stop();

    const live = await start(load('twilio-main', real()));
    expect((await settled(live.url, old)).messages).toMatchObject([{ state: 'failed', reason: 'simulated' }]);
    const [fresh = ''] = await post(live.url, [alert('raised since')]);
    expect((await settled(live.url, fresh)).messages).toMatchObject([{ state: 'accepted' }]);
    expect([textsTo('queued in the trial'), textsTo('raised since')]).toEqual([0, 1]);
  });

  test('a digest: it fails with all alerts in it, and what is held back since then has its own', async () => {
    const { load, start, prefix } = machine(', dedupeFor: 0, overflow: digest');
    const trial = await start(load('desk', SIMULATED));
    const ids = await post(
      trial.url,
      ['one', 'two', 'three'].map((text) => alert(`digested ${text}`)),
    );
    const digestOf = async (url: string, id: string) => (await trace(url, id)).messages[0]?.digest;
    const digest = await until(async () => (await Promise.all(ids.map((id) => digestOf(trial.url, id)))).find((id) => id !== undefined));
    await trial.app.stop();

    const live = await start(load('twilio-main', real()));
    const [page = ''] = await post(live.url, [alert('a real page')]);
    expect((await settled(live.url, page)).messages).toMatchObject([{ state: 'accepted' }]);
    const [over = ''] = await post(live.url, [alert('one more than the cap allows')]);
    const own = await until(async () => digestOf(live.url, over));
    expect(own).not.toBe(digest);
    const messages = new Queue('sms-messages', { connection: redis, prefix });
    onTestFinished(() => messages.close());
    await (await messages.getJob(digest))?.promote();
    expect((await settled(live.url, digest)).messages).toMatchObject([{ state: 'failed', reason: 'simulated' }]);
    expect(textsTo('digested')).toBe(0);
  });

  test('nor by a reload, and back again', async () => {
    const { load, start, prefix } = machine(', dedupeFor: 0, overflow: defer');
    const trial = await start(load('desk', SIMULATED));
    const [first = '', second = ''] = await post(trial.url, [alert('reloaded one'), alert('reloaded two')]);
    const heldOf = async () => {
      for (const id of [first, second]) if ((await trace(trial.url, id)).messages[0]?.state === 'deferred') return id;
      return undefined;
    };
    const held = await until(heldOf);
    expect(await trial.app.reload(() => load('twilio-main', real()))).toBe(true);
    // A reload lets what caps hold back ask again immediately.
    expect((await settled(trial.url, held)).messages).toMatchObject([{ state: 'failed', reason: 'simulated' }]);
    expect(textsTo('reloaded')).toBe(0);

    const alerts = new Queue(ALERT_QUEUE, { connection: redis, prefix });
    onTestFinished(() => alerts.close());
    const [sent = ''] = await post(trial.url, [alert('the first page for real')]);
    expect((await settled(trial.url, sent)).messages).toMatchObject([{ state: 'accepted' }]);
    const [page = ''] = await post(trial.url, [alert('a page for real')]);
    await until(async () => (await trace(trial.url, page)).messages[0]?.state === 'deferred');
    expect(await trial.app.reload(() => load('desk', SIMULATED))).toBe(true);
    expect((await settled(trial.url, page)).messages).toMatchObject([{ state: 'failed', reason: 'simulated', attempts: [] }]);
  });
});

describe('what a trial left holds no real message back', () => {
  const problem = { ...alert('disk full'), dedupKey: 'db-1/disk' };

  test('its dedupe claim suppresses no alert to the real phone, whose own claim suppresses the next one', async () => {
    const { load, start } = machine(', dedupeFor: 1h', '{ perRecipient: [{ max: 9, per: 1h }] }');
    const trial = await start(load('desk', SIMULATED));
    const [first = '', again = ''] = [...(await post(trial.url, [problem])), ...(await post(trial.url, [problem]))];
    expect((await settled(trial.url, first)).messages).toMatchObject([{ simulated: true }]);
    expect(await settled(trial.url, again)).toMatchObject({ reason: 'duplicate', duplicateOf: first });
    await trial.app.stop();

    const live = await start(load('main', real()));
    const [page = ''] = await post(live.url, [{ ...problem, text: 'claimed in the trial' }]);
    expect((await settled(live.url, page)).messages).toMatchObject([{ state: 'accepted', provider: 'main' }]);
    const [repeat = ''] = await post(live.url, [problem]);
    expect(await settled(live.url, repeat)).toMatchObject({ reason: 'duplicate', duplicateOf: page });
    expect(textsTo('claimed in the trial')).toBe(1);

    // Nor does the claim of a real text silence a later trial.
    expect(await live.app.reload(() => load('desk', SIMULATED))).toBe(true);
    const [later = ''] = await post(live.url, [problem]);
    expect(await settled(live.url, later)).toMatchObject({ reason: 'duplicate', duplicateOf: first });
  });

  test.each([
    ['the recipient', '{ perRecipient: [{ max: 1, per: 1h }] }', ''],
    ['all recipients', '{ perRecipient: off, perHour: { max: 1, criticalReserve: 0 } }', ''],
    ['a country', '{ perRecipient: off, perCountry: { "60": [{ max: 1, per: 1h }] } }', ''],
    ['a source', '{ perRecipient: off, perSource: [{ max: 1, per: 1h }] }', ''],
    ['a route', '{ perRecipient: off }', ', caps: { perRoute: [{ max: 1, per: 1h }] }'],
    ['a recipient by its route', '{ perRecipient: off }', ', caps: { perRecipient: [{ max: 1, per: 1h }] }'],
  ])('its messages use up no slot of the cap of %s', async (what, caps, ofRoute) => {
    const { load, start } = machine(`, dedupeFor: 0, overflow: drop${ofRoute}`, caps);
    const from = (text: string) => ({ ...alert(`${text}, ${what}`), source: 'prometheus' });
    const trial = await start(load('desk', SIMULATED));
    const [taken = ''] = await post(trial.url, [from('trial one')]);
    expect((await settled(trial.url, taken)).messages).toMatchObject([{ simulated: true }]);
    const [over = ''] = await post(trial.url, [from('trial two')]);
    expect((await settled(trial.url, over)).messages).toMatchObject([{ state: 'suppressed' }]);
    await trial.app.stop();

    const live = await start(load('main', real()));
    const [page = ''] = await post(live.url, [from('page')]);
    expect((await settled(live.url, page)).messages).toMatchObject([{ state: 'accepted', provider: 'main' }]);
    const [next = ''] = await post(live.url, [from('next page')]);
    expect((await settled(live.url, next)).messages).toMatchObject([{ state: 'suppressed' }]);
  });

  test('a new critical finds the kept slot of the phone as though there had been no trial', async () => {
    const caps = '{ perRecipient: [{ max: 2, per: 1h }] }';
    const { load, start } = machine(', minSeverity: info, dedupeFor: 0, overflow: digest', caps);
    const trial = await start(load('desk', SIMULATED));
    const [tried = ''] = await post(trial.url, [problem]);
    expect((await settled(trial.url, tried)).messages).toMatchObject([{ simulated: true }]);
    await trial.app.stop();

    const live = await start(load('main', real()));
    const [other = ''] = await post(live.url, [{ ...problem, dedupKey: 'other', severity: 'error' }]);
    expect((await settled(live.url, other)).messages).toMatchObject([{ state: 'accepted' }]);
    // The phone was never texted about it, so that it may take the slot that is kept.
    const [page = ''] = await post(live.url, [problem]);
    expect((await settled(live.url, page)).messages).toMatchObject([{ state: 'accepted' }]);
  });
});

test('a RESOLVED text follows to the real phone for what reached it, and to no phone for what a trial sent', async () => {
  const { load, start } = machine(', dedupeFor: 0, resolvedTexts: true', '{ perRecipient: [{ max: 9, per: 1h }] }');
  const problem = (text: string) => ({ ...alert(text), dedupKey: 'db-2/disk' });
  const trial = await start(load('desk', SIMULATED));
  const [tried = ''] = await post(trial.url, [problem('followed from the trial')]);
  await settled(trial.url, tried);
  await trial.app.stop();

  const live = await start(load('main', real()));
  const [page = ''] = await post(live.url, [problem('followed for real')]);
  expect((await settled(live.url, page)).messages).toMatchObject([{ state: 'accepted' }]);
  await post(live.url, [{ severity: 'critical', dedupKey: 'db-2/disk', status: 'resolved' }]);
  const endOf = async (id: string) => (await trace(live.url, id)).messages.find(({ says }) => says === 'resolved');
  await until(async () => (await endOf(page))?.state === 'accepted');
  await until(async () => (await endOf(tried))?.reason === 'simulated');
  expect([textsTo('RESOLVED: followed from the trial'), textsTo('RESOLVED: followed for real')]).toEqual([0, 1]);
});

test('an id that was used in a trial stays taken, and explain says so', async () => {
  const { load, start } = machine();
  const id = 'used-in-the-trial';
  const trial = await start(load('desk', SIMULATED));
  await post(trial.url, [{ ...alert('a known id'), id }]);
  await settled(trial.url, id);
  await trial.app.stop();

  const loaded = load('main', real());
  const live = await start(loaded);
  const answer = await fetch(`${live.url}/v1/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...alert('a known id'), id }),
  });
  expect(await answer.json()).toMatchObject({ accepted: [{ id, duplicate: true }] });
  const type = createTyping({ redisUrl, loaded });
  expect(oneLine(await type('explain', id))).toContain('The alert id stays taken for 7 days: to text this problem');
});

test('what the simulator takes is never called texted', async () => {
  const { load, start } = machine();
  const loaded = load('desk', SIMULATED);
  const { url } = await start(loaded);
  const [id = ''] = await post(url, [{ ...alert('trial'), to: ['+60123450001', '+60123450002'] }]);
  const { messages } = await settled(url, id, ['delivered', 'undelivered']);
  expect(messages).toMatchObject([{ simulated: true, attempts: [{ simulated: true }] }, { simulated: true }]);
  const type = createTyping({ redisUrl, loaded });
  expect((await type('explain', id)).stdout).toMatch(/^Not texted: none of 2 phones; 2 simulated: no phone was texted\.\n/);
  for (const { id: message } of messages) {
    expect(oneLine(await type('explain', message))).toMatch(
      /^Not texted \(simulated: no phone was texted\): accepted by desk at .*; it reported (un)?delivered\. /,
    );
  }
});
