import { FlowProducer, Job, type JobsOptions } from 'bullmq';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Unreadable } from '../../src/alert/parse/parse-alert.ts';
import { createLogger } from '../../src/logger.ts';
import type { RawAlert } from '../../src/pipeline/routing/alert-subject.ts';
import type { Routed } from '../../src/pipeline/routing/router.ts';
import { createAlertWorker } from '../../src/queue/alert-worker.ts';
import { ALERT_QUEUE } from '../../src/queue/names.ts';
import { openQueue as openOurQueue } from '../../src/queue/open-queue.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { testRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { openQueue } from './support/queue-bench.ts';

const { url, prefix, redis } = testRedis();

/** A router process that takes what stands on the queue; `text: 'malformed'` is refused. */
function router(logger = createLogger('silent')) {
  const own = `${prefix}:foreign-${Math.random()}`;
  const bench = openQueue(url, own, ALERT_QUEUE);
  const raws: RawAlert[] = [];
  const [shared, commands] = [connectRedis(url, 'worker'), connectRedis(url, 'commands')];
  const start = (): void => {
    const worker = createAlertWorker({
      countPhones: () => 1,
      ...{ shared, commands, prefix: own, concurrency: 5, lockMs: 10_000, logger },
      notifyResolved: async () => 'done',
      route: async (raw): Promise<Routed> => {
        raws.push(raw);
        const { text, refused } = raw.data as { text?: string; refused?: string };
        if (refused !== undefined) return { kind: 'malformed', reason: refused };
        const unreadable = raw.data instanceof Unreadable || text === 'malformed';
        const reason = raw.refused ?? (unreadable ? 'no severity' : undefined);
        return reason === undefined ? { kind: 'suppressed' } : { kind: 'malformed', reason };
      },
    });
    onTestFinished(async () => {
      await worker.close();
      shared.disconnect();
      commands.disconnect();
    });
  };
  return { ...bench, own, raws, start };
}

describe('the retention that a producer sets', () => {
  it.each<[string, JobsOptions]>([
    ['removeOnFail: 1', { removeOnFail: 1 }],
    ['removeOnFail: true', { removeOnFail: true }],
    ['removeOnFail: false', { removeOnFail: false }],
    ['removeOnFail: { age: 0 }', { removeOnFail: { age: 0 } }],
    ['removeOnFail: { count: 0 }', { removeOnFail: { count: 0 } }],
    ['removeOnFail: { age: 0, count: 1 }', { removeOnFail: { age: 0, count: 1 } }],
  ])('does not remove a failed job, its own or another, as with %s', async (_name, opts) => {
    const { queue, start } = router();
    for (const jobId of ['other-1', 'other-2']) await queue.add('alert', { text: 'malformed' }, { jobId });
    await queue.add('alert', { text: 'malformed' }, { jobId: 'own-1', ...opts });
    await queue.add('alert', { text: 'malformed' }, { jobId: 'own-2', ...opts });
    start();
    await until(async () => (await queue.getFailedCount()) === 4);
    expect((await queue.getFailed()).map(({ id }) => id).toSorted()).toEqual(['other-1', 'other-2', 'own-1', 'own-2']);
  });

  it.each<[string, JobsOptions]>([
    ['removeOnComplete: false', { removeOnComplete: false }],
    ['removeOnComplete: 1000', { removeOnComplete: 1000 }],
    ['removeOnComplete: { age: 86400 }', { removeOnComplete: { age: 86_400 } }],
  ])('does not fill Redis with jobs that are done, as with %s', async (_name, opts) => {
    const { queue, key, raws, start } = router();
    await queue.add('alert', { text: 'x' }, { jobId: 'own', ...opts });
    start();
    await until(async () => raws.length === 1 && (await redis.exists(key('own'))) === 0);
    expect(await queue.getCompletedCount()).toBe(0);
  });

  it('does not remove one whose data is not JSON', async () => {
    const { queue, key, start } = router();
    const opts = JSON.stringify({ removeOnFail: true });
    await redis.multi().hset(key('bad'), { name: 'alert', data: '{"half', timestamp: '5', opts }).lpush(key('wait'), 'bad').exec();
    start();
    await until(async () => (await queue.getFailedCount()) === 1);
  });
});

describe('a job that BullMQ 5 repeats', () => {
  /** As `queue.add(name, data, { repeat: { every } })` of version 5 leaves it in Redis. */
  async function repeat(bench: ReturnType<typeof router>, data: object, repeatOptions: object, more: object = {}) {
    const at = Date.now();
    const scheduler = 'adf6bbfc8f940ffe1a53ae814235f71d';
    const id = `repeat:${scheduler}:${at}`;
    const opts = { repeat: { count: 1, ...repeatOptions }, jobId: id, prevMillis: at, timestamp: at, delay: 0, attempts: 0, ...more };
    await redis
      .multi()
      .hset(bench.key(`repeat:${scheduler}`), { name: 'alert', ...(repeatOptions as Record<string, string>) })
      .zadd(bench.key('repeat'), at, scheduler)
      .hset(bench.key(id), {
        ...{ name: 'alert', timestamp: at, delay: 0, priority: 0, rjk: scheduler },
        ...{ data: JSON.stringify(data), opts: JSON.stringify(opts) },
      })
      .lpush(bench.key('wait'), id)
      .exec();
  }

  it('is read at each firing as what its producer wrote, and each firing is another job', async () => {
    const bench = router();
    await repeat(bench, { text: 'heartbeat' }, { every: 100 }, { removeOnFail: 5 });
    bench.start();
    await until(() => bench.raws.length >= 4);
    expect(bench.raws.map(({ data }) => data)).toEqual(bench.raws.map(() => ({ text: 'heartbeat' })));
    expect(new Set(bench.raws.map(({ jobId }) => jobId)).size).toBe(bench.raws.length);
    expect(await bench.queue.getFailedCount()).toBe(0);
  });

  it('says at the next firing what its producer has changed it to', async () => {
    const bench = router();
    await repeat(bench, { text: 'before' }, { every: 100 });
    bench.start();
    await until(() => bench.raws.length >= 2);
    await repeat(bench, { text: 'after' }, { every: 100 });
    await until(() => bench.raws.filter(({ data }) => (data as { text: string }).text === 'after').length >= 3);
    expect(bench.raws.at(-1)?.data).toEqual({ text: 'after' });
  });

  it.each<[string, object, object]>([
    ['whose period nobody can read', { cron: '* * * * *' }, {}],
    ['with an option that version 6 does not take', { every: 60_000 }, { debounce: { id: 'x' } }],
  ])('%s is processed nevertheless', async (_name, repeatOptions, more) => {
    const bench = router();
    await repeat(bench, { text: 'once' }, repeatOptions, more);
    bench.start();
    expect(await until(() => bench.raws[0])).toMatchObject({ data: { text: 'once' } });
  });
});

it('a job scheduler says what its own template says', async () => {
  const bench = router();
  await bench.queue.upsertJobScheduler('nightly', { every: 100 }, { name: 'alert', data: { text: 'one' }, opts: { removeOnFail: true } });
  bench.start();
  await until(() => bench.raws.length >= 2);
  await bench.queue.upsertJobScheduler('nightly', { every: 100 }, { name: 'alert', data: { text: 'two' } });
  await until(() => bench.raws.some(({ data }) => (data as { text: string }).text === 'two'));
  await bench.queue.removeJobScheduler('nightly');
});

describe('a flow parent', () => {
  /** A flow of one child, which its worker ends as told. */
  async function flow(bench: ReturnType<typeof router>, opts: JobsOptions, end: 'completes' | 'fails', children = 1) {
    const flows = new FlowProducer({ connection: { url }, prefix: bench.own });
    const kids = openQueue(url, bench.own, 'kids');
    onTestFinished(() => flows.close());
    await flows.add({
      ...{ name: 'alert', queueName: ALERT_QUEUE, data: { id: 'parent', text: 'all done' } },
      children: Array.from({ length: children }, () => ({ name: 'kid', queueName: 'kids', data: {}, opts })),
    });
    bench.start();
    const kid = await kids.take('token');
    if (end === 'completes') await kid.moveToCompleted('its value', 'token', false);
    else await kid.moveToFailed(new Error('no disk'), 'token', false);
  }

  it('is read as an alert when its children are done', async () => {
    const bench = router();
    await flow(bench, {}, 'completes');
    await until(async () => bench.raws.length === 1 && (await bench.queue.getJobCountByTypes('active', 'failed')) === 0);
    expect(bench.raws).toMatchObject([{ data: { id: 'parent', text: 'all done' } }]);
  });

  it.each<[string, JobsOptions, number]>([
    ['is ignored', { ignoreDependencyOnFailure: true }, 1],
    ['is removed', { removeDependencyOnFailure: true }, 1],
    ['lets it go on while others are open', { continueParentOnFailure: true }, 3],
  ])('is done, and not failed, when the failure of a child %s', async (_name, opts, children) => {
    const bench = router();
    await flow(bench, opts, 'fails', children);
    await until(async () => bench.raws.length > 0 && (await bench.queue.getJobCountByTypes('active', 'waiting-children')) === 0);
    expect(bench.raws).toMatchObject([{ data: { id: 'parent' } }]);
    expect(await bench.queue.getFailedCount()).toBe(0);
  });

  it('that is to fail with its child is recorded as refused, and why', async () => {
    const bench = router();
    await flow(bench, { failParentOnFailure: true }, 'fails');
    await until(async () => (await bench.queue.getFailedCount()) === 1);
    expect(bench.raws).toMatchObject([{ data: { id: 'parent' }, refused: expect.stringMatching(/^its flow failed: child .+ failed$/) }]);
  });
});

describe('a job whose record BullMQ cannot end', () => {
  const PARENTS = [
    '{}',
    '{"id":"x"}',
    '{"queueKey":"q"}',
    '{"id":null,"queueKey":null}',
    '{"id":{},"queueKey":[]}',
    '[1]',
    '5',
    'true',
    'null',
    '"x"',
  ];
  const RECORDS: readonly (readonly [name: string, fields: Record<string, string>])[] = [
    ...PARENTS.map((parent) => [`the parent ${parent}`, { parent }] as const),
    ['a parent that is to fail with it and is not there', { parent: '{"id":"x","fpof":true}', parentKey: 'x' }],
    ['a count of attempts that is none', { atm: 'x' }],
    ['a count of attempts that is as large as can be', { atm: '9223372036854775807' }],
    ['a deduplication whose key holds something else', { deid: 'held' }],
    ['a deduplication whose next job cannot be read', { deid: 'next' }],
  ];

  async function push(bench: ReturnType<typeof router>, id: string, text: string, fields: Record<string, string> = {}): Promise<void> {
    const record = { name: 'alert', data: JSON.stringify({ text }), opts: '{}', timestamp: '1', delay: '0', priority: '0', ...fields };
    await redis.multi().hset(bench.key(id), record).lpush(bench.key('wait'), id).zadd(bench.key('marker'), 0, '0').exec();
  }

  it.each(RECORDS)('for %s ends nevertheless, as failed or done, and so do its neighbours', async (_name, fields) => {
    const bench = router();
    await redis.rpush(bench.key('de:held'), 'x');
    await redis.hset(bench.key('dn:next'), { name: 'x', data: '{', opts: '{' });
    await push(bench, 'bad', 'malformed', fields);
    await push(bench, 'good', 'x', fields);
    await push(bench, 'neighbour', 'x');
    await push(bench, 'bad neighbour', 'malformed');
    bench.start();
    await until(
      async () => (await bench.queue.getFailedCount()) === 2 && (await redis.exists(bench.key('good'), bench.key('neighbour'))) === 0,
    );
    expect(await redis.hget(bench.key('bad'), 'failedReason')).toBe('malformed: no severity');
    expect(await redis.hget(bench.key('bad'), 'finishedOn')).toMatch(/^\d+$/);
    expect(await redis.lrange(bench.key('active'), 0, -1)).toEqual([]);
    expect(bench.raws).toHaveLength(4);
  });

  const deep = (levels: number, innermost: string) => `${'{"a":'.repeat(levels)}${innermost}${'}'.repeat(levels)}`;
  const NO_TEXT = '{"toString":1,"valueOf":null}';
  const OPTIONS: readonly (readonly [name: string, opts: string])[] = [
    ['a parent whose queue is no text', `{"parent":{"id":"x","queue":${NO_TEXT}}}`],
    ['a parent whose id is no text', `{"parent":{"id":${NO_TEXT},"queue":"q"}}`],
    ['a parent of lists', `{"parent":{"id":[[${NO_TEXT}]],"queue":[]}}`],
    ['a parent whose queue is no text, to be repeated', `{"repeat":{"every":1000},"parent":{"id":"x","queue":${NO_TEXT}}}`],
    ['a parent that is null', '{"parent":null}'],
    ['all options null', '{"repeat":null,"backoff":null,"deduplication":null,"de":null,"tm":null,"telemetry":null,"attempts":null}'],
    ['names of JavaScript', `{"__proto__":{"parent":{"queue":${NO_TEXT}}},"constructor":${NO_TEXT},"toString":1}`],
    ['more levels than Lua reads', deep(1500, '1')],
    ['a number of attempts that is no number', `{"attempts":${NO_TEXT}}`],
    ['a limit of stacks that is no number', `{"stackTraceLimit":${NO_TEXT}}`],
    ['a size, a log and an order that are no numbers', `{"sizeLimit":${NO_TEXT},"kl":${NO_TEXT},"lifo":${NO_TEXT}}`],
    ['a priority and a delay that are no numbers', `{"priority":${NO_TEXT},"delay":${NO_TEXT}}`],
    ['a backoff that is no number', `{"attempts":3,"backoff":${NO_TEXT}}`],
    ['half a character', '{"x":"\\ud800"}'],
    ['options that are a list', '[1]'],
    ['options that are text', '"x"'],
  ];

  it.each(OPTIONS)('whose options have %s is run, ends, and is run again after a stall', async (_name, opts) => {
    const bench = router();
    await push(bench, 'bad', 'malformed', { opts });
    await push(bench, 'good', 'x', { opts });
    await push(bench, 'stalled', 'y', { opts });
    await redis
      .multi()
      .lrem(bench.key('wait'), 0, 'stalled')
      .lpush(bench.key('active'), 'stalled')
      .sadd(bench.key('stalled'), 'stalled')
      .exec();
    bench.start();
    await until(
      async () => (await bench.queue.getFailedCount()) === 1 && (await redis.exists(bench.key('good'), bench.key('stalled'))) === 0,
    );
    expect(await redis.hget(bench.key('bad'), 'failedReason')).toBe('malformed: no severity');
    expect(await redis.llen(bench.key('active'))).toBe(0);
    expect(bench.raws.map(({ data }) => (data as { text: string }).text).toSorted()).toEqual(['malformed', 'x', 'y']);
  });

  it('whose options and data cannot be read fails with the fault of its data', async () => {
    const bench = router();
    await push(bench, 'bad', 'x', { opts: `{"parent":{"id":"x","queue":${NO_TEXT}}}`, data: '{"half' });
    bench.start();
    await until(async () => (await bench.queue.getFailedCount()) === 1);
    expect(bench.raws[0]?.data).toBeInstanceOf(Unreadable);
    expect(await redis.llen(bench.key('active'))).toBe(0);
  });

  const OBJECTS = ['{"toString":1,"valueOf":null}', '{"toString":null,"valueOf":null}', '{"valueOf":{},"toString":[]}'];
  it.each([
    ...OBJECTS.flatMap((object) => [`{"parent":{"queue":${object},"id":"x"}}`, `{"parent":{"queue":"q","id":${object}}}`]),
    ...[`{"parent":[${OBJECTS[0]}]}`, `{"parent":{"queue":[${OBJECTS[1]}],"id":"x"},"attempts":3,"fpof":true}`],
    ...['{"de":null,"parent":5}', '{"backoff":null,"tm":null,"repeat":null}', '[null]', '5', 'true', '"x"'],
  ])('for the options %s runs once, and ends as done or failed with its reason', async (opts) => {
    const bench = router();
    await push(bench, 'bad', 'malformed', { opts });
    await push(bench, 'good', 'x', { opts });
    await push(bench, 'no JSON', '', { opts, data: '{' });
    bench.start();
    await until(async () => (await bench.queue.getJobCountByTypes('active', 'wait')) === 0 && bench.raws.length === 3);
    expect(await redis.exists(bench.key('good'))).toBe(0);
    expect(await redis.hmget(bench.key('bad'), 'failedReason', 'ats')).toEqual(['malformed: no severity', '1']);
    expect(await redis.hmget(bench.key('no JSON'), 'failedReason', 'ats')).toEqual(['malformed: no severity', '1']);
  });

  type Put = (bench: ReturnType<typeof router>) => Promise<void>;
  it.each<[string, Put]>([
    ['whose key holds text', async (bench) => void (await redis.set(bench.key('odd'), 'text'))],
    ['whose key holds a list', async (bench) => void (await redis.rpush(bench.key('odd'), 'a'))],
    ['whose key is gone', async () => undefined],
    ...['nan', '-nan', 'inf', 'x', '1e400', '-5'].map((priority): [string, Put] => [
      `of the priority ${priority}`,
      async (bench: ReturnType<typeof router>) =>
        void (await redis.hset(bench.key('odd'), { name: 'alert', data: '{"text":"odd"}', opts: '{}', priority })),
    ]),
  ])('takes no delayed neighbour with it when it is due, as one %s', async (_name, put) => {
    const bench = router();
    await put(bench);
    await redis.zadd(bench.key('delayed'), 1, 'odd');
    for (let n = 0; n < 30; n++) await bench.queue.add('alert', { text: `${n}` }, { delay: 1, timestamp: 1, jobId: `job-${n}` });
    bench.start();
    const texts = () => bench.raws.map(({ data }) => (data as { text?: string }).text).filter((text) => /^\d/.test(text ?? ''));
    await until(() => texts().length >= 30);
    expect(new Set(texts()).size).toBe(30);
    await until(async () => (await redis.llen(bench.key('active'))) === 0);
  });

  it.each([
    ...['delayed', 'prioritized', 'failed', 'completed', 'stalled', 'marker', 'wait', 'active', 'paused', 'pc', 'limiter', 'repeat'],
  ])('and whose id is %s, which the queue itself has, stops no lane and is counted', async (jobId) => {
    const bench = router();
    await bench.queue.add('alert', { text: 'odd' }, { jobId }).catch(() => undefined);
    bench.start();
    await until(() => bench.raws.some(({ refused }) => refused === 'the id of the job is the name of a key that the queue itself has'));
    const add = (text: string, opts: JobsOptions) => until(() => bench.queue.add('alert', { text }, opts).catch(() => undefined));
    await add('plain', {});
    await add('with a priority', { priority: 3 });
    await add('delayed', { delay: 1 });
    await add('malformed', {});
    const texts = () => bench.raws.map(({ data }) => (data as { text?: string }).text);
    await until(() => ['plain', 'with a priority', 'delayed', 'malformed'].every((text) => texts().includes(text)));
    await until(async () => (await bench.queue.getFailedCount()) === 1);
    expect(texts().filter((text) => text === 'plain')).toHaveLength(1);
  });

  it.each(['wait', 'active', 'prioritized', 'stalled', 'events', 'marker', 'pc', 'repeat'])(
    'and whose id is %s loses no job that is moved to another list',
    async (taken) => {
      const bench = router();
      for (let n = 0; n < 10; n++)
        await bench.queue.add(
          'alert',
          { text: `${n}` },
          { delay: 1, timestamp: 1, jobId: `job-${n}`, ...(n % 2 === 0 ? { priority: 3 } : {}) },
        );
      await redis.multi().del(bench.key(taken)).hset(bench.key(taken), { data: '{}', timestamp: '1' }).exec();
      bench.start();
      const texts = () => bench.raws.map(({ data }) => (data as { text?: string }).text).filter((text) => text !== undefined);
      await until(() => new Set(texts()).size === 10);
      expect(texts()).toHaveLength(10);
    },
  );

  it.each(['x', '9223372036854775807', '+60198765432'])(
    'loses no job of a priority while the counter of priorities is %s',
    async (counter) => {
      const bench = router();
      for (let n = 0; n < 10; n++)
        await bench.queue.add('alert', { text: `${n}` }, { delay: 1, timestamp: 1, jobId: `job-${n}`, priority: 1 + (n % 3) });
      await redis.set(bench.key('pc'), counter);
      bench.start();
      await until(() => bench.raws.length === 10);
      expect(new Set(bench.raws.map(({ jobId }) => jobId)).size).toBe(10);
    },
  );

  it.each<[string, JobsOptions]>([
    ['a timestamp before 1970', { timestamp: -1_000_000, delay: 5 }],
    ['a negative delay', { delay: -5 }],
    ['a timestamp of zero', { timestamp: 0, delay: 1 }],
    ['a fraction as its delay', { delay: 0.5 }],
  ])('and which is delayed by %s is run', async (_name, opts) => {
    const bench = router();
    await bench.queue.add('alert', { text: 'x' }, opts);
    bench.start();
    await until(() => bench.raws.length === 1);
  });

  const ODD_NUMBERS = ['x', '', 'nan', 'inf', '-inf', '-5', '1.5', '1e308', '9223372036854775807', '+60198765432'];
  const RECOVERED = [
    ...['stc', 'priority', 'delay', 'timestamp'].flatMap((field) => ODD_NUMBERS.map((number) => [field, number])),
    ['rjk', 'x'],
  ];
  it.each(RECOVERED as [string, string][])(
    'with %s %j is run again after its worker crashed, and the crash counts',
    async (field, value) => {
      const bench = router();
      await push(bench, 'odd', 'malformed', { [field]: value });
      await redis.multi().del(bench.key('wait')).lpush(bench.key('active'), 'odd').sadd(bench.key('stalled'), 'odd').exec();
      bench.start();
      await until(async () => (await bench.queue.getFailedCount()) === 1);
      expect(bench.raws).toHaveLength(1);
      expect(await redis.hget(bench.key('odd'), 'stc')).toBe('1');
    },
  );

  it.each(['nan', '-nan', 'inf', 'x', '-5', '60198765432'])(
    'and whose priority is %s is not lost when it is replayed or promoted',
    async (priority) => {
      const bench = router();
      const ours = openOurQueue(ALERT_QUEUE, redis, bench.own);
      onTestFinished(() => ours.close());
      for (const [id, set] of [
        ['failed one', 'failed'],
        ['delayed one', 'delayed'],
      ] as const)
        await redis.multi().hset(bench.key(id), { name: 'alert', data: '{}', opts: '{}', priority }).zadd(bench.key(set), 1e15, id).exec();
      await new Job(ours, '', {}, {}, 'failed one').retry('failed');
      await ours.getBackend().promote('delayed one');
      bench.start();
      await until(() => bench.raws.length === 2);
    },
  );

  it.each(['11', '60198765432', '9007199254740991'])(
    'whose count of stalls is %s fails, and the log repeats no number of a phone',
    async (stc) => {
      const lines: Record<string, unknown>[] = [];
      const bench = router(createLogger('warn', { write: (line) => lines.push(JSON.parse(line)) }));
      await push(bench, '60198765432', 'x', { stc });
      bench.start();
      await until(() => bench.raws.length === 1);
      const stalled = lines.find(({ msg }) => msg === 'job failed: it stalled too often');
      expect(stalled).toMatchObject({ jobId: '+60*******432', stalls: Math.min(Number(stc), 999_999) });
      expect(JSON.stringify([lines, bench.raws[0]?.refused])).not.toMatch(/\d{8}/);
    },
  );

  it('gives no number away in its reason', async () => {
    const bench = router();
    await bench.queue.add('alert', { text: 'refused', refused: 'no channel named +60123456789' }, { jobId: 'odd' });
    bench.start();
    await until(async () => (await bench.queue.getFailedCount()) === 1);
    expect(await redis.hget(bench.key('odd'), 'failedReason')).toBe('malformed: no channel named +60*******789');
  });
});
