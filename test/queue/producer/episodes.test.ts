import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAll } from '../../../src/app.ts';
import { createLogger } from '../../../src/logger.ts';
import { ALERT_QUEUE } from '../../../src/queue/names.ts';
import { createEpisodes } from '../../../src/queue/producer/episodes.ts';
import { createProducer } from '../../../src/queue/producer/producer.ts';
import { loadYaml } from '../../config/load-yaml.ts';
import { testRedis } from '../../support/redis.ts';

const { url, prefix: shared, redis } = testRedis();

function setup() {
  const prefix = `${shared}:${randomUUID().slice(0, 8)}`;
  const producer = createProducer({ redis: url, prefix });
  const episodes = createEpisodes({ redis: url, prefix });
  onTestFinished(async () => void (await Promise.all([producer.close(), episodes.close()])));
  return { prefix, producer, episodes };
}

/** A whole system that ends with the test. */
async function run(prefix: string): Promise<void> {
  const { config } = loadYaml(`
providers: { desk: { type: simulated } }
routes:
  - { name: codes, match: { purpose: verification }, providers: [desk] }
  - { name: default, providers: [desk], dedupeFor: 0 }
redis: { prefix: "${prefix}" }
http: { port: 0 }
`);
  const app = createAll({ config, redisUrl: url, logger: createLogger('silent') });
  await app.start();
  onTestFinished(() => app.stop());
}

const ALERT = { severity: 'critical', to: '+60123450001', text: 'disk full', dedupKey: 'db-1/full' } as const;

describe('a dedup key is open', () => {
  test('from the moment at which its alert waits for a router', async () => {
    const { producer, episodes } = setup();
    expect(await episodes.isOpen('db-1/full')).toBe(false);
    await producer.enqueue(ALERT);
    expect(await episodes.isOpen('db-1/full')).toBe(true);
    expect(await episodes.isOpen('db-1/ful')).toBe(false);
  });

  test.each(['alert', 'verification'] as const)('until it is resolved, also after its text of purpose %s was sent', async (purpose) => {
    const { prefix, producer, episodes } = setup();
    await run(prefix);
    const { id } = await producer.enqueue({ ...ALERT, purpose });
    await producer.waitFor(id);
    expect(await episodes.isOpen('db-1/full')).toBe(true);
    expect(await episodes.recentKeys()).toEqual(['db-1/full']);
    await producer.resolve('db-1/full');
    expect(await episodes.isOpen('db-1/full')).toBe(false);
    const again = await producer.enqueue({ ...ALERT, purpose });
    await producer.waitFor(again.id);
    expect(await episodes.isOpen('db-1/full')).toBe(true);
  });

  test('also a key of more than 512 characters, while it waits and after it was sent, until it is resolved', async () => {
    const { prefix, producer, episodes } = setup();
    const dedupKey = `hertzbeat/${'alertname:High CPU,instance:db-1;'.repeat(20)}`;
    const { id } = await producer.enqueue({ ...ALERT, dedupKey });
    expect([await episodes.isOpen(dedupKey), await episodes.isOpen(`${dedupKey}x`)]).toEqual([true, false]);
    await run(prefix);
    await producer.waitFor(id);
    expect(await episodes.isOpen(dedupKey)).toBe(true);
    await producer.resolve(dedupKey);
    expect(await episodes.isOpen(dedupKey)).toBe(false);
  });

  test('when it is acknowledged, for its repeats are silent until it is resolved', async () => {
    const { prefix, producer, episodes } = setup();
    await run(prefix);
    const { id } = await producer.enqueue(ALERT);
    await producer.waitFor(id);
    await producer.acknowledge(id, 'test');
    expect(await episodes.isOpen('db-1/full')).toBe(true);
  });

  test('not for an alert that was dropped', async () => {
    const { prefix, producer, episodes } = setup();
    await run(prefix);
    const { id } = await producer.enqueue({ ...ALERT, severity: 'info' });
    await producer.waitFor(id);
    expect(await episodes.isOpen('db-1/full')).toBe(false);
  });

  test('for all that can be known, while a job on the queue cannot be read', async () => {
    const { prefix, episodes } = setup();
    const alerts = new Queue(ALERT_QUEUE, { connection: redis, prefix });
    onTestFinished(() => alerts.close());
    const job = await alerts.add('alert', ALERT);
    await redis.hset(`${prefix}:${ALERT_QUEUE}:${job.id}`, 'data', '{');
    expect(await episodes.isOpen('anything')).toBe(true);
  });
});
