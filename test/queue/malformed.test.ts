import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAll } from '../../src/app.ts';
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createOptOuts } from '../../src/ledger/opt-out/opt-outs.ts';
import { createLogger } from '../../src/logger.ts';
import { inboundOf } from '../../src/pipeline/receipts/apply-inbound.ts';
import { createDeadLetters } from '../../src/queue/dead-letters/dead-letters.ts';
import { ALERT_QUEUE, alertJobId, INBOUND_QUEUE, MESSAGE_QUEUE } from '../../src/queue/names.ts';
import { createProducer } from '../../src/queue/producer/producer.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { testRedis } from '../support/redis.ts';
import { metrics, settled, total, trace } from '../support/system.ts';
import { until } from '../support/until.ts';
import { writeConfig } from '../support/write-config.ts';

const { url, prefix, redis } = testRedis();
const key = (part: string) => `${prefix}:${ALERT_QUEUE}:${part}`;

let app: ReturnType<typeof createAll>;
let base: string;
let queue: Queue;

beforeAll(async () => {
  const file = await writeConfig(`
providers: { desk: { type: simulated } }
routes: [{ name: default, providers: [desk] }]
redis: { prefix: "${prefix}" }
caps: { perRecipient: [] }
worker: { lock: 2s }
http: { port: 0 }
`);
  const { config } = loadConfig({ path: file, env: {} });
  app = createAll({ config, redisUrl: url, logger: createLogger('silent') });
  base = `http://127.0.0.1:${(await app.start()).httpPort}`;
  queue = new Queue(ALERT_QUEUE, { connection: new Redis(url, { maxRetriesPerRequest: null }), prefix });
});
afterAll(async () => {
  await app.stop();
  await queue.close();
});

/** What a producer in another language does: a hash, an id in the list, a marker. */
async function push(id: string, fields: Record<string, string>, name = ALERT_QUEUE): Promise<void> {
  const key = (part: string) => `${prefix}:${name}:${part}`;
  const hash = Object.entries({ name: 'alert', timestamp: String(Date.now()), delay: '0', priority: '0', ...fields }).flat();
  const multi = redis.multi();
  if (Object.keys(fields).length > 0) multi.hset(key(id), ...hash);
  await multi.lpush(key('wait'), id).zadd(key('marker'), 0, '0').exec();
}

const good = { to: '+60123456789', severity: 'critical', text: 'still works' };

const MALFORMED: readonly [string, Record<string, string>, RegExp][] = [
  ['data that is not JSON', { data: '{not json', opts: '{}' }, /invalid JSON/],
  ['options that are not JSON', { data: JSON.stringify(good), opts: '{"attempts":' }, /opts is invalid JSON/],
  ['progress that is not JSON', { data: JSON.stringify(good), opts: '{}', progress: '{' }, /progress is invalid JSON/],
  ['an id without data', {}, /severity/],
  ['data of the wrong schema', { data: JSON.stringify({ ...good, severity: 'loud' }), opts: '{}' }, /severity: unknown severity "loud"/],
  ['a number that is none', { data: JSON.stringify({ ...good, to: ['+60123456789', 'nobody'] }), opts: '{}' }, /to\[1\]/],
  ['a list instead of an alert', { data: '[1,2]', opts: '{}' }, /./],
  ['null', { data: 'null', opts: '{}' }, /./],
  ['unknown keys', { data: JSON.stringify({ ...good, colour: 'red' }), opts: '{}' }, /colour: unknown key/],
];

describe('a malformed job on the alert queue', () => {
  it('whose key has another type is taken off the queue and counted, and its neighbour is sent', async () => {
    const before = total([await metrics(base)], 'sms_alert_outcomes_total', 'malformed');
    await redis.set(key('foreign'), 'not a job');
    await push('foreign', {});
    await queue.add('alert', { ...good, id: 'good-beside-foreign', text: 'beside a foreign key' });
    await settled(base, 'good-beside-foreign');
    await until(async () => !(await redis.lrange(key('active'), 0, -1)).includes('foreign'));
    await until(async () => total([await metrics(base)], 'sms_alert_outcomes_total', 'malformed') === before + 1);
    expect(await redis.get(key('foreign'))).toBe('not a job');
    await redis.del(key('foreign'));
  });

  it.each(MALFORMED)('with %s ends in the failed set with a reason, and its neighbour is sent', async (what, fields, reason) => {
    const before = total([await metrics(base)], 'sms_alert_outcomes_total', 'malformed');
    const id = `bad-${what.replace(/\W/g, '-')}`;
    await push(id, fields);
    const neighbour = `good-${id}`.slice(0, 60);
    await queue.add('alert', { ...good, id: neighbour, text: what });

    await settled(base, neighbour);
    await until(async () => (await redis.zscore(key('failed'), id)) !== null);
    expect(await redis.hget(key(id), 'failedReason')).toMatch(reason);
    expect(await redis.lrange(key('active'), 0, -1)).not.toContain(id);
    await until(async () => total([await metrics(base)], 'sms_alert_outcomes_total', 'malformed') === before + 1);
  });

  it.each([
    ['that crashed worker after worker', 'poison', { data: JSON.stringify({ ...good, id: 'poison' }), stc: '11' }],
    ['of that kind with a number for its id', '42', { data: JSON.stringify({ ...good, id: 42 }), stc: '11' }],
    ['with broken options', 'own-opts', { data: JSON.stringify({ ...good, id: 'own-opts' }), opts: '{"attempts":' }],
    ['with broken options and a number for its id', '43', { data: JSON.stringify({ ...good, id: 43 }), opts: '{"attempts":' }],
    ['whose data are cut off', 'cut-off', { data: '{"labels":{"id":"other"},"id":"cut-off","text":"disk fu' }],
    ['whose data are cut off and whose options are broken', 'cut-twice', { data: '{ "id": "cut-twice", "text', opts: '{' }],
    ['whose flow has failed', 'flow', { data: JSON.stringify({ ...good, id: 'flow' }), defa: 'child failed' }],
    ['whose options are a list', 'own-list', { data: JSON.stringify({ ...good, id: 'own-list' }), opts: '[]', stc: '11' }],
  ])('%s keeps its outcome under the id in its data', async (_what, id, fields) => {
    await push(`job-of-${id}`, { opts: '{}', ...fields });
    await until(async () => (await trace(base, id)).outcome === 'malformed');
    await until(async () => (await redis.zscore(key('failed'), `job-of-${id}`)) !== null);
    const dead = createDeadLetters({ redis, prefix, clock: systemClock });
    expect(await dead.find([id])).toMatchObject([{ id, alertId: id, state: 'malformed' }]);
    await dead.close();
  });

  it.each<[string, Record<string, string>]>([
    ['as it is', {}],
    ['when its data is not JSON', { data: '{' }],
    ['when its options are not JSON', { opts: '{' }],
    ['when its parent is not JSON', { parent: '{' }],
    ['when its progress is not JSON', { progress: '{' }],
    ['when its options name a parent that cannot be converted to a string', { opts: '{"parent":{"queue":{"toString":1},"id":"x"}}' }],
  ])('is replaced by the corrected alert that our client sends under the same id, %s', async (name, record) => {
    // Only the router knows the contacts; this client does not.
    const producer = createProducer({ redis: url, prefix });
    const ghost = { ...good, id: `ghost-${name.replace(/\W+/g, '-')}`, text: 'the contact is unknown', to: 'contact:ghost' };
    expect(await producer.enqueue(ghost)).toEqual({ id: ghost.id, duplicate: false });
    await until(async () => (await trace(base, ghost.id)).outcome === 'malformed');
    await until(async () => (await redis.zscore(key('failed'), alertJobId(ghost.id))) !== null);
    if (Object.keys(record).length > 0) await redis.hset(key(alertJobId(ghost.id)), record);
    expect(await producer.enqueue({ ...ghost, to: '+60123456789' })).toEqual({ id: ghost.id, duplicate: false });
    await settled(base, ghost.id);
    expect(await producer.enqueue({ ...ghost, to: '+60123456789' })).toEqual({ id: ghost.id, duplicate: true });
    await producer.close();
  });

  it('does not suppress the corrected alert that is sent later under the same id', async () => {
    await queue.add('alert', { ...good, id: 'mended', severity: 'loud' });
    await until(async () => (await trace(base, 'mended')).outcome === 'malformed');
    await queue.add('alert', { ...good, id: 'mended', text: 'mended' });
    await until(async () => (await trace(base, 'mended')).outcome === 'routed');
  });
});

describe('a job that cannot be read on another queue', () => {
  it('ends its message as failed', async () => {
    const messages = new Queue(MESSAGE_QUEUE, { connection: new Redis(url, { maxRetriesPerRequest: null }), prefix });
    await messages.pause();
    await queue.add('alert', { ...good, id: 'broken-message', text: 'its job is broken' });
    const {
      messages: [message],
    } = await until(async () => {
      const found = await trace(base, 'broken-message');
      return found.messages.length > 0 ? found : undefined;
    });
    const job = `${prefix}:${MESSAGE_QUEUE}:${message?.id}`;
    await until(async () => (await redis.hset(job, 'opts', '{"attempts":')) === 0);
    await messages.resume();
    await messages.close();
    const {
      messages: [ended],
    } = await settled(base, 'broken-message', ['failed']);
    expect(ended).toMatchObject({ reason: 'malformed', attempts: [] });
    expect(ended?.events.at(-1)?.detail).toMatch(/^the job's opts is invalid JSON/);
  });

  it('loses no STOP', async () => {
    const optOuts = createOptOuts(redis, createKeys(prefix));
    const inbound = inboundOf('desk', { from: '+60123456777', providerMessageId: 'in-1', text: 'STOP' }, new Date());
    await push('broken-stop', { data: JSON.stringify(inbound), opts: '{"attempts":' }, INBOUND_QUEUE);
    await until(async () => (await optOuts.list()).length > 0);
  });
});
