import { execFile, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { Queue } from 'bullmq';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { AlertInput } from '../../../src/alert/alert.ts';
import { hash } from '../../../src/alert/id.ts';
import { AlertError } from '../../../src/alert/parse/parse-alert.ts';
import { createLedger } from '../../../src/ledger/redis-ledger.ts';
import { ALERT_QUEUE, alertJobId, MESSAGE_QUEUE } from '../../../src/queue/names.ts';
import { createProducer } from '../../../src/queue/producer/producer.ts';
import type { Producer } from '../../../src/queue/producer/producer-port.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { RedisUnavailableError } from '../../../src/redis/unavailable.ts';
import { testRedis } from '../../support/redis.ts';
import { type RedisServer, startRedisServer } from '../../support/redis-server.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { testPort } from '../../support/test-port.ts';
import { until } from '../../support/until.ts';

const { url, prefix: shared, redis } = testRedis();

/** Producers, each with a connection of its own, on queues that no other test knows. */
function setup() {
  const prefix = `${shared}:${randomUUID().slice(0, 8)}`;
  const alerts = new Queue(ALERT_QUEUE, { connection: redis, prefix });
  onTestFinished(() => alerts.close());
  return { prefix, alerts, producer: open({ redis: url, prefix }), second: open({ redis: url, prefix }) };
}

function open(options: { redis: string | Redis; prefix: string }): Producer {
  const producer = createProducer(options);
  onTestFinished(() => producer.close());
  return producer;
}

async function ownServer(): Promise<RedisServer> {
  const server = await startRedisServer();
  onTestFinished(server.stop);
  return server;
}

function alert(fields: Partial<AlertInput> = {}): AlertInput {
  return { severity: 'critical', to: '+60123456789', text: 'disk full', ...fields };
}

const RESOLVE = { severity: 'critical', status: 'resolved', dedupKey: 'db' } as const;

it('refuses a prefix with which a Redis Cluster would scatter the keys', async () => {
  const cluster = `redis+cluster://127.0.0.1:${await testPort()}`;
  expect(() => createProducer({ redis: cluster, prefix: 'sms' })).toThrow(/^prefix must hold a part in braces/);
  await createProducer({ redis: cluster }).close();
});

describe('a wrong alert', () => {
  it('is refused without a Redis, with every fault named', async () => {
    const producer = open({ redis: `redis://127.0.0.1:${await testPort()}`, prefix: shared });
    const refused = await producer.enqueue({ ...alert(), severity: 'loud', colour: 'red' } as AlertInput).catch((error) => error);
    expect(refused).toBeInstanceOf(AlertError);
    expect(refused.issues.map(({ path }: { path: string }) => path)).toEqual(expect.arrayContaining(['severity', 'colour']));
    expect(await producer.enqueueMany([null, 7, {}])).toEqual([1, 2, 3].map(() => ({ ok: false, issues: expect.any(Array) })));
  });

  it.each([
    ['an id with a space', { id: 'a b' }, 'id'],
    ['an id that is too long', { id: 'x'.repeat(129) }, 'id'],
    ['a bad number among good ones', { to: ['+60123456789', 'nobody'] }, 'to[1]'],
    ['no text', { text: ' ' }, 'text'],
  ])('with %s leaves nothing in Redis', async (_, fields, path) => {
    const { producer, prefix } = setup();
    await expect(producer.enqueue(alert(fields))).rejects.toMatchObject({ issues: [expect.objectContaining({ path })] });
    expect(await jobKeys(prefix)).toEqual([]);
  });

  it('among others costs only itself: one verdict each, in the order given', async () => {
    const { producer, alerts } = setup();
    const results = await producer.enqueueMany([
      alert({ id: 'one' }),
      { severity: 'loud' },
      alert({ id: 'two' }),
      undefined,
      alert({ id: 'one' }),
    ]);
    expect(results).toEqual([
      { ok: true, id: 'one', duplicate: false },
      { ok: false, issues: expect.any(Array) },
      { ok: true, id: 'two', duplicate: false },
      { ok: false, issues: expect.any(Array) },
      { ok: true, id: 'one', duplicate: true },
    ]);
    expect(await alerts.getWaitingCount()).toBe(2);
  });
});

describe('an id', () => {
  it('that is given is kept; without one each alert gets its own', async () => {
    const { producer, alerts } = setup();
    expect(await producer.enqueue(alert({ id: 'order-42.paid' }))).toEqual({ id: 'order-42.paid', duplicate: false });
    const derived = [await producer.enqueue(alert()), await producer.enqueue(alert())];
    expect(new Set(derived.map(({ id }) => id)).size).toBe(2);
    expect(derived).toEqual([1, 2].map(() => ({ id: expect.stringMatching(/^a-[0-9a-f-]{36}$/), duplicate: false })));
    const jobs = await alerts.getWaiting();
    expect(jobs.map(({ name }) => name)).toEqual(['alert', 'alert', 'alert']);
    expect(jobs.map(({ data }) => data.id).sort()).toEqual(['order-42.paid', ...derived.map(({ id }) => id)].sort());
  });

  it('is a duplicate the second time, whichever producer takes it, and adds no job', async () => {
    const { producer, second, alerts } = setup();
    expect(await producer.enqueue(alert({ id: 'same' }))).toEqual({ id: 'same', duplicate: false });
    expect(await producer.enqueue(alert({ id: 'same', text: 'other words' }))).toEqual({ id: 'same', duplicate: true });
    expect(await second.enqueue(alert({ id: 'same' }))).toEqual({ id: 'same', duplicate: true });
    const jobs = await alerts.getWaiting();
    expect(jobs.map(({ data }) => data.text)).toEqual(['disk full']);
  });

  it('is a duplicate still after its job is done and removed', async () => {
    const { producer, alerts } = setup();
    await producer.enqueue(alert({ id: 'done' }));
    await alerts.remove(alertJobId('done'));
    expect(await producer.enqueue(alert({ id: 'done' }))).toEqual({ id: 'done', duplicate: true });
  });

  it('whose job was added but not recorded is not lost: the repeating caller receives that it is new, and there is one job', async () => {
    const { producer, alerts, prefix } = setup();
    await producer.enqueue(alert({ id: 'half' }));
    await redis.del(createKeys(prefix).seen('half'));
    expect(await producer.enqueue(alert({ id: 'half' }))).toEqual({ id: 'half', duplicate: false });
    expect(await alerts.getWaitingCount()).toBe(1);
  });

  it.each([
    'completed',
    'meta',
    'wait',
    'active',
    'events',
    'id',
    '0',
    '123',
    '-1',
    '__proto__',
    'constructor',
    '..',
    'x:lock'.replace(':', '.'),
  ])('of %s harms nothing and stays out of key names', async (id) => {
    const { producer, alerts, prefix } = setup();
    expect(await producer.enqueue(alert({ id }))).toEqual({ id, duplicate: false });
    expect(await producer.enqueue(alert({ id }))).toEqual({ id, duplicate: true });
    const [job, ...others] = await alerts.getWaiting();
    expect(others).toEqual([]);
    expect(job).toMatchObject({ id: alertJobId(id), data: { id } });
    expect(alertJobId(id)).toMatch(/^a-[A-Za-z0-9_-]{22}$/);
    expect(await jobKeys(prefix)).toEqual([`${prefix}:${ALERT_QUEUE}:${alertJobId(id)}`]);
  });

  it('that holds a number gives it to no key name', async () => {
    const { producer, prefix } = setup();
    await producer.enqueue(alert({ id: '60123456789', dedupKey: '60123456789' }));
    await producer.resolve('60123456789');
    expect((await redis.keys(`${prefix}:*`)).filter((key) => key.includes('60123456789'))).toEqual([]);
  });

  it('is accepted exactly once in any order, batch and producer', { timeout: 240_000 }, async () => {
    const { alerts, producer, second } = setup();
    const id = fc.constantFrom('a', 'b', 'c', 'd');
    const call = fc.record({ batch: fc.array(id, { minLength: 1, maxLength: 5 }), by: fc.boolean(), waits: fc.boolean() });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 8 }), async (calls) => {
        run += 1;
        const running: Promise<readonly { ok: boolean; id?: string; duplicate?: boolean }[]>[] = [];
        for (const { batch, by, waits } of calls) {
          const results = (by ? producer : second).enqueueMany(batch.map((name) => alert({ id: `${run}-${name}` })));
          running.push(results);
          if (waits) await results;
        }
        const verdicts = (await Promise.all(running)).flat();
        const asked = [...new Set(calls.flatMap(({ batch }) => batch.map((name) => `${run}-${name}`)))].sort();
        const taken = verdicts.filter(({ duplicate }) => duplicate === false).map((verdict) => verdict.id);
        expect(taken.sort()).toEqual(asked);
        const jobs = (await alerts.getWaiting()).map(({ data }) => data.id as string).filter((name) => name.startsWith(`${run}-`));
        expect(jobs.sort()).toEqual(asked);
      }),
      { numRuns: 25 },
    );
  });
});

describe('a severity', () => {
  it('decides the lane: criticals before all others, then by rank', async () => {
    const { producer, prefix } = setup();
    const lanes = ['info', 'warning', 'error', 'critical', 'page', 'warn'] as const;
    await producer.enqueueMany(lanes.map((severity) => alert({ id: severity, severity })));
    const key = (part: string) => `${prefix}:${ALERT_QUEUE}:${part}`;
    expect((await redis.lrange(key('wait'), 0, -1)).sort()).toEqual([alertJobId('critical'), alertJobId('page')].sort());
    expect(await redis.zrange(key('prioritized'), '0', '-1')).toEqual(['error', 'warning', 'warn', 'info'].map((id) => alertJobId(id)));
  });
});

describe('a resolve', () => {
  /** What became of each alert of the key, as the router settles it: resolves first, then what was raised. */
  async function judged({ alerts, prefix }: Pick<ReturnType<typeof setup>, 'alerts' | 'prefix'>): Promise<Record<string, string>> {
    const ledger = createLedger(redis, createKeys(prefix));
    const dedupHash = hash('dedup', 'db');
    const jobs = await alerts.getWaiting();
    for (const { data, timestamp } of jobs) {
      if (data.status === 'resolved') await ledger.resolve(dedupHash, new Date(timestamp));
    }
    const outcomes = jobs
      .filter(({ data }) => data.status === 'firing')
      .map(async ({ data, timestamp }) => {
        const rest = {
          severity: 'critical',
          purpose: 'alert',
          status: 'firing',
          dedupKey: 'db',
          events: [],
          messages: [],
          dedupeForMs: 0,
        } as const;
        return [data.id, (await ledger.admit({ ...rest, id: data.id, receivedAt: timestamp, dedupHash }, randomUUID())).kind];
      });
    return Object.fromEntries(await Promise.all(outcomes));
  }

  /** The clock stands still, as it does between two calls in one millisecond. */
  function stopClock(): void {
    const now = Date.now();
    const spy = vi.spyOn(Date, 'now').mockImplementation(() => now);
    onTestFinished(() => spy.mockRestore());
  }

  it.each([
    ['as time goes', () => undefined],
    ['within one millisecond', stopClock],
  ])('ends what was raised directly before it and nothing raised directly after it, %s', async (_, prepare) => {
    const bench = setup();
    prepare();
    await bench.producer.enqueue(alert({ id: 'before', dedupKey: 'db' }));
    await bench.producer.resolve('db');
    await bench.producer.enqueue(alert({ id: 'after', dedupKey: 'db' }));
    expect(await judged(bench)).toEqual({ before: 'resolved', after: 'admitted' });
  });

  it('holds its place between many within one millisecond', async () => {
    const bench = setup();
    stopClock();
    for (const round of [1, 2, 3]) {
      await bench.producer.enqueue(alert({ id: `ended-${round}`, dedupKey: 'db' }));
      await bench.producer.resolve('db');
    }
    await bench.producer.enqueue(alert({ id: 'last', dedupKey: 'db' }));
    expect(await judged(bench)).toEqual({ 'ended-1': 'resolved', 'ended-2': 'resolved', 'ended-3': 'resolved', last: 'admitted' });
  });

  it('holds its place in a batch as well', async () => {
    const bench = setup();
    stopClock();
    const batch = [alert({ id: 'before', dedupKey: 'db' }), { ...RESOLVE, id: 'end' }, alert({ id: 'after', dedupKey: 'db' })];
    await bench.producer.enqueueMany(batch);
    expect(await judged(bench)).toEqual({ before: 'resolved', after: 'admitted' });
  });

  it.each([
    ['by its dedup key', async ({ producer }: ReturnType<typeof setup>) => void (await producer.resolve('db'))],
    ['raised as an alert', async ({ producer }: ReturnType<typeof setup>) => void (await producer.enqueue({ ...RESOLVE }))],
  ])('promotes the waiting messages of its key, and those of no other, without a router: %s', async (_, resolve) => {
    const bench = setup();
    const { prefix } = bench;
    const messages = new Queue(MESSAGE_QUEUE, { connection: redis, prefix });
    onTestFinished(() => messages.close());
    for (const id of ['m-mine', 'm-other']) await messages.add('message', {}, { jobId: id, delay: 60_000 });
    const keys = createKeys(prefix);
    await redis.sadd(keys.open(hash('dedup', 'db')), 'm-mine', 'm-gone');
    // The producer goes by its estimate of Redis' time, which is a moment off.
    const receivedAt = Date.now() - 1_000;
    await resolve(bench);
    expect(await messages.getJobState('m-mine')).toBe('waiting');
    expect(await messages.getJobState('m-other')).toBe('delayed');
    expect(await createLedger(redis, keys).closedBy(hash('dedup', 'db'), receivedAt)).toBe('resolved');
  });

  it('does not end what was raised since when it is said again', async () => {
    const { prefix, producer } = setup();
    await producer.enqueue({ ...RESOLVE, id: 'end' });
    const since = Date.now();
    await until(() => Date.now() > since);
    expect(await producer.enqueue({ ...RESOLVE, id: 'end' })).toEqual({ id: 'end', duplicate: true });
    expect(await createLedger(redis, createKeys(prefix)).closedBy(hash('dedup', 'db'), since)).toBeUndefined();
  });
});

/** Every way in at once; each must say that Redis is not available, within `ms`. */
async function expectUnavailable(producer: Producer, ms = 5000): Promise<void> {
  const start = performance.now();
  const calls = [producer.enqueue(alert({ id: 'refused' })), producer.enqueueMany([alert(), { severity: 'loud' }]), producer.resolve('db')];
  for (const outcome of await Promise.allSettled(calls)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(RedisUnavailableError) });
  }
  expect(performance.now() - start).toBeLessThan(ms);
}

describe('a Redis that is away', () => {
  it('rejects immediately, executes no rejected call later, and serves the next call after recovery', async () => {
    const server = await ownServer();
    await server.kill();
    const producer = open({ redis: server.url, prefix: '{sms}' });
    await expectUnavailable(producer, 2000);
    await expectUnavailable(producer, 2000);
    await server.restart();
    expect(await until(() => producer.enqueue(alert({ id: 'back' })))).toEqual({ id: 'back', duplicate: false });
    const admin = new Redis(server.url);
    onTestFinished(() => admin.disconnect());
    expect(await admin.lrange(`{sms}:${ALERT_QUEUE}:wait`, 0, -1)).toEqual([alertJobId('back')]);
  });

  it('is noticed within 5 s when it freezes, by a connection of the caller too', async () => {
    const server = await ownServer();
    const foreign = new Redis(server.url);
    foreign.on('error', () => undefined);
    onTestFinished(() => foreign.disconnect());
    const producers = [open({ redis: server.url, prefix: '{sms}' }), open({ redis: foreign, prefix: '{sms}' })];
    for (const [index, producer] of producers.entries()) await producer.enqueue(alert({ id: `first-${index}` }));
    server.process.kill('SIGSTOP');
    await Promise.all(producers.map((producer) => expectUnavailable(producer)));
    server.process.kill('SIGCONT');
    for (const [index, producer] of producers.entries()) {
      expect(await until(() => producer.enqueue(alert({ id: `thawed-${index}` })))).toMatchObject({ id: `thawed-${index}` });
    }
  });

  it('is noticed in the middle of a batch, and what was confirmed is still there afterwards', async () => {
    const server = await ownServer();
    const producer = open({ redis: server.url, prefix: '{sms}' });
    await producer.enqueue(alert({ id: 'first' }));
    const confirmed = new Set(['first']);
    let refusals = 0;
    let sent = 0;
    const feed = async () => {
      while (refusals === 0) {
        sent += 1;
        const ids = Array.from({ length: 200 }, (_, index) => `batch-${sent}-${index}`);
        const start = performance.now();
        try {
          await producer.enqueueMany(ids.map((id) => alert({ id })));
          for (const id of ids) confirmed.add(id);
        } catch (error) {
          expect(error).toBeInstanceOf(RedisUnavailableError);
          refusals += 1;
        }
        expect(performance.now() - start).toBeLessThan(5000);
      }
    };
    const feeding = feed();
    await until(() => confirmed.size > 400);
    await server.kill();
    await feeding;
    await server.restart();
    await until(() => producer.enqueue(alert({ id: 'back' })));
    const admin = new Redis(server.url);
    onTestFinished(() => admin.disconnect());
    const waiting = new Set(await admin.lrange(`{sms}:${ALERT_QUEUE}:wait`, 0, -1));
    expect([...confirmed].filter((id) => !waiting.has(alertJobId(id)))).toEqual([]);
  });

  it.each([
    ['full', (admin: Redis) => admin.config('SET', 'maxmemory', '1'), (admin: Redis) => admin.config('SET', 'maxmemory', '0'), /OOM/],
    ['a replica', (admin: Redis) => admin.replicaof('127.0.0.1', '1'), (admin: Redis) => admin.replicaof('NO', 'ONE'), /READONLY/],
  ])('in the sense that it is %s says so, and serves again by itself', async (_, spoil, mend, reason) => {
    const server = await ownServer();
    const admin = new Redis(server.url);
    onTestFinished(() => admin.disconnect());
    const producer = open({ redis: server.url, prefix: '{sms}' });
    await producer.enqueue(alert({ id: 'first' }));
    await spoil(admin);
    await expect(producer.enqueue(alert({ id: 'refused' }))).rejects.toThrow(reason);
    await until(() => expectUnavailable(producer).then(() => true));
    await mend(admin);
    expect(await until(() => producer.enqueue(alert({ id: 'mended' })))).toEqual({ id: 'mended', duplicate: false });
  });
});

describe('a connection that went silent while it was idle', () => {
  it('is replaced before the call, which then succeeds', async () => {
    const proxy = await startTcpProxy(Number(new URL(url).port));
    onTestFinished(proxy.close);
    const producer = open({ redis: `redis://127.0.0.1:${proxy.port}`, prefix: `${shared}:silent` });
    await producer.enqueue(alert({ id: 'before' }));
    const idleSince = performance.now();
    await proxy.set('forget');
    await until(() => performance.now() - idleSince > 1_100);
    expect(await producer.enqueue(alert({ id: 'after' }))).toEqual({ id: 'after', duplicate: false });
    expect(await producer.enqueue(alert({ id: 'after' }))).toEqual({ id: 'after', duplicate: true });
    expect(proxy.connections).toBe(2);
  });

  it('is replaced before the second call when the first one came too soon to notice', async () => {
    const proxy = await startTcpProxy(Number(new URL(url).port));
    onTestFinished(proxy.close);
    const producer = open({ redis: `redis://127.0.0.1:${proxy.port}`, prefix: `${shared}:silent-2` });
    await producer.enqueue(alert({ id: 'before' }));
    await proxy.set('forget');
    await expectUnavailable(producer);
    expect(await producer.enqueue(alert({ id: 'after' }))).toEqual({ id: 'after', duplicate: false });
  });

  it('to an unreachable Redis: the call is rejected within 5 s, and nothing of it is done later', async () => {
    const proxy = await startTcpProxy(Number(new URL(url).port));
    onTestFinished(proxy.close);
    const prefix = `${shared}:silent-3`;
    const producer = open({ redis: `redis://127.0.0.1:${proxy.port}`, prefix });
    await producer.enqueue(alert({ id: 'before' }));
    const idleSince = performance.now();
    await proxy.set('blackhole');
    await until(() => performance.now() - idleSince > 1_100);
    await expectUnavailable(producer);
    await proxy.set('pass');
    expect(await until(() => producer.enqueue(alert({ id: 'after' })))).toEqual({ id: 'after', duplicate: false });
    expect(await redis.llen(`${prefix}:${ALERT_QUEUE}:wait`)).toBe(2);
  });
});

describe('a script that never closes its producer', () => {
  const script = `
    const { createProducer } = await import(process.argv[1]);
    const producer = createProducer({ redis: process.argv[2], prefix: process.argv[3] });
    producer.enqueue({ id: 'of-a-script', severity: 'critical', to: '+60123456789', text: 'disk full' }).then(
      ({ id }) => console.log('stored', id),
      (error) => console.log(error.name),
    );
  `;
  it.each([
    ['that answers', async () => url, 'stored of-a-script'],
    ['that is down', async () => `redis://127.0.0.1:${await testPort()}`, 'RedisUnavailableError'],
    [
      'that is frozen',
      async () => {
        const server = await ownServer();
        server.process.kill('SIGSTOP');
        return server.url;
      },
      'RedisUnavailableError',
    ],
  ])('ends by itself with code 0 after its calls, with a Redis %s', async (_, address, printed) => {
    const index = new URL('../../../dist/src/index.js', import.meta.url).href;
    const prefix = `${shared}:script`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', script, index, await address(), prefix],
      // Killed, it would reject.
      { timeout: 120_000 },
    );
    expect(stdout).toBe(`${printed}\n`);
    if (printed.startsWith('stored')) expect(await redis.llen(`${prefix}:${ALERT_QUEUE}:wait`)).toBe(1);
  });
});

describe('close', () => {
  it('leaves a connection of the caller to the caller', async () => {
    const foreign = new Redis(url);
    onTestFinished(() => foreign.disconnect());
    const producer = createProducer({ redis: foreign, prefix: `${shared}:foreign` });
    await producer.enqueue(alert());
    await producer.close();
    expect(await foreign.ping()).toBe('PONG');
  });

  it.each([
    ['that answers', async () => url, 'taken'],
    ['that is down', async () => `redis://127.0.0.1:${await testPort()}`, 'RedisUnavailableError'],
    [
      'that is frozen',
      async () => {
        const server = await ownServer();
        server.process.kill('SIGSTOP');
        return server.url;
      },
      'RedisUnavailableError',
    ],
  ])('allows the process to end, with a Redis %s', async (_, address, verdict) => {
    const file = new URL('../../../dist/test/queue/support/producer-process.js', import.meta.url).pathname;
    const child = fork(file, [await address(), `${shared}:process`], { execArgv: [] });
    onTestFinished(() => void child.kill('SIGKILL'));
    expect(await once(child, 'message')).toEqual([verdict, undefined]);
    const said = performance.now();
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(performance.now() - said).toBeLessThan(5000);
  });
});

/** Keys of jobs: all below the queue but those that BullMQ keeps for itself. */
async function jobKeys(prefix: string): Promise<string[]> {
  const own = ['wait', 'meta', 'id', 'marker', 'events', 'prioritized', 'pc'];
  const keys = await redis.keys(`${prefix}:${ALERT_QUEUE}:*`);
  return keys.filter((key) => !own.includes(key.slice(`${prefix}:${ALERT_QUEUE}:`.length)));
}
