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
function machine(more = '') {
  const prefix = `${shared}:${randomUUID().slice(0, 8)}`;
  const load = (name: string, provider: string): LoadedConfig =>
    loadYaml(`
providers: { ${name}: ${provider} }
routes: [{ name: default, providers: [${name}], dedupeFor: 0${more} }]
caps: { perRecipient: [{ max: 1, per: 1h }] }
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
  ])('messages that a cap holds back, when %s', async (_what, before, after) => {
    const { load, start, prefix } = machine(', overflow: defer');
    const trial = await start(load(before, SIMULATED));
    const [first = '', held = ''] = await post(trial.url, [alert('trial one'), alert('trial two')]);
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
    expect(twilio.requests.filter(({ form }) => form.Body?.includes('trial'))).toEqual([]);
    expect(total([await metrics(live.url)], 'sms_message_outcomes_total', 'reason="simulated"')).toBe(1);
    expect(oneLine(await type('explain', waiting))).toMatch(
      /^Not texted: .+ \(simulated\): raised while its route had simulated providers alone/,
    );
    expect((await type('dead', 'list')).stdout).toContain('simulated');

    // Neither by the way, but when that very thing is asked for.
    expect((await type('dead', 'replay', '--all')).stderr).toContain('1 raised for simulated providers left alone');
    expect((await trace(live.url, waiting)).messages[0]?.state).toBe('failed');
    expect((await type('dead', 'replay', '--all', '--reason', 'simulated')).code).toBe(0);
    await until(async () => (await trace(live.url, waiting)).messages[0]?.state !== 'failed');
    // The cap still holds what the trial took.
    await until(async () => (await trace(live.url, waiting)).messages[0]?.reason === 'rate_cap_recipient');
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

  test('a digest: it fails with all that it tells, and what is held back since then has its own', async () => {
    const { load, start, prefix } = machine(', overflow: digest');
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
    const own = await until(async () => digestOf(live.url, page));
    expect(own).not.toBe(digest);
    const messages = new Queue('sms-messages', { connection: redis, prefix });
    onTestFinished(() => messages.close());
    await (await messages.getJob(digest))?.promote();
    expect((await settled(live.url, digest)).messages).toMatchObject([{ state: 'failed', reason: 'simulated' }]);
    expect(textsTo('digested')).toBe(0);
  });

  test('nor by a reload, and back again', async () => {
    const { load, start, prefix } = machine(', overflow: defer');
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
    const [page = ''] = await post(trial.url, [alert('a page for real')]);
    await until(async () => (await trace(trial.url, page)).messages[0]?.state === 'deferred');
    expect(await trial.app.reload(() => load('desk', SIMULATED))).toBe(true);
    expect((await settled(trial.url, page)).messages).toMatchObject([{ state: 'failed', reason: 'simulated', attempts: [] }]);
  });
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
      /^Not texted \(simulated: no phone was texted\): accepted by desk at .*; it reported it (un)?delivered\. /,
    );
  }
});
