import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { QUEUES } from '../../../src/queue/names.ts';
import { endPlainlyScript } from '../../../src/queue/worker/guarded-backend.ts';
import { failUnreadableJobs, type UnreadableJob } from '../../../src/queue/worker/unreadable-jobs.ts';
import type { Redis } from '../../../src/redis/connect.ts';
import { testRedis } from '../../support/redis.ts';
import { openQueue, type QueueBench } from '../support/queue-bench.ts';

const { url, prefix, redis } = testRedis();
const NOW = new Date('2026-11-20T12:00:00Z');
const fail = (error: unknown): never => {
  throw error;
};

/** One sweep. Returns the jobs whose outcome was recorded. */
async function sweepQueue(client: Redis, at: string, queue: string, onError: (error: unknown) => void = fail): Promise<UnreadableJob[]> {
  const recorded: UnreadableJob[] = [];
  const record = async (job: UnreadableJob) => void recorded.push(job);
  await failUnreadableJobs(client, at, queue, () => NOW, { record, onError });
  return recorded;
}

/** A job in the state in which BullMQ leaves one that it could not read: active, locked, perhaps marked as stalled. */
async function active({ key }: QueueBench, jobId: string, fields: Readonly<Record<string, string>>): Promise<void> {
  await redis.hset(key(jobId), { name: 'job', data: '{}', timestamp: '1', ...fields });
  await redis
    .multi()
    .lpush(key('active'), jobId)
    .set(key(`${jobId}:lock`), 'token')
    .sadd(key('stalled'), jobId)
    .exec();
}

it.each(QUEUES.flatMap((queue) => ['opts', 'progress', 'parent'].map((field) => [field, queue] as const)))(
  'fails a job whose %s cannot be read, on %s',
  async (field, name) => {
    const bench = openQueue(url, `${prefix}:${field}`, name);
    await active(bench, 'bad', { opts: '{}', [field]: '{"half":' });
    const reason = expect.stringMatching(new RegExp(`^the job's ${field} is invalid JSON at line 1, column 9$`));
    expect(await sweepQueue(redis, `${prefix}:${field}`, name)).toEqual([{ jobId: 'bad', timestamp: 1, data: {}, reason }]);

    expect(await redis.lrange(bench.key('active'), 0, -1)).toEqual([]);
    expect(await redis.zscore(bench.key('failed'), 'bad')).toBe(String(NOW.getTime()));
    expect(await redis.hgetall(bench.key('bad'))).toMatchObject({ failedReason: reason, finishedOn: String(NOW.getTime()), name: 'job' });
    expect(await redis.smembers(bench.key('stalled'))).toEqual([]);
    expect(await redis.exists(bench.key('bad:lock'))).toBe(0);
  },
);

it.each([
  ['opts', 'null', "the job's opts is null: it must be a JSON object"],
  ['ats', 'x', "the job's ats is not a whole number"],
  ['ats', '1.5', "the job's ats is not a whole number"],
])('fails a job whose %s is %s, and takes off an id whose key is no job at all', async (field, value, reason) => {
  const bench = openQueue(url, prefix);
  await redis.multi().set(bench.key('other'), 'text').lpush(bench.key('active'), 'other').exec();
  await active(bench, 'bad', { opts: '{}', [field]: value });
  await active(bench, 'good', { opts: '{}', ats: '3' });
  const found = await sweepQueue(redis, prefix, bench.name);
  expect(found.toSorted((a, b) => a.jobId.localeCompare(b.jobId))).toMatchObject([
    { jobId: 'bad', reason },
    { jobId: 'other', reason: 'what lies under the key of the job is no job' },
  ]);
  expect(await redis.lrange(bench.key('active'), 0, -1)).toEqual(['good']);
  // It is not ours.
  expect(await redis.get(bench.key('other'))).toBe('text');
  expect(await redis.zscore(bench.key('failed'), 'other')).toBeNull();
});

it('leaves good jobs, jobs of other states and other queues alone', async () => {
  const [bench, other] = [openQueue(url, prefix), openQueue(url, prefix)];
  await active(bench, 'good', { opts: '{"priority":1}', progress: '40', parent: '{}', data: '{not json' });
  await active(bench, 'bare', {});
  await active(bench, 'empty', { opts: '' });
  await redis.lpush(bench.key('active'), 'no-record');
  await active(bench, 'bad', { opts: 'x' });
  await active(other, 'bad', { opts: 'x' });
  await redis.multi().hset(bench.key('waits'), { opts: 'x' }).lpush(bench.key('wait'), 'waits').exec();

  expect(await sweepQueue(redis, prefix, bench.name)).toMatchObject([{ jobId: 'bad' }]);
  expect((await redis.lrange(bench.key('active'), 0, -1)).sort()).toEqual(['bare', 'empty', 'good', 'no-record']);
  expect((await redis.smembers(bench.key('stalled'))).sort()).toEqual(['bare', 'empty', 'good']);
  expect(await redis.exists(bench.key('good:lock'))).toBe(1);
  expect(await redis.lrange(bench.key('wait'), 0, -1)).toEqual(['waits']);
  expect(await redis.lrange(other.key('active'), 0, -1)).toEqual(['bad']);
});

it('gives no number away in its reason', async () => {
  const bench = openQueue(url, prefix);
  await active(bench, 'bad', { opts: '+60123456789' });
  const [job] = await sweepQueue(redis, prefix, bench.name);
  expect(job?.reason).toContain('invalid JSON');
  expect(job?.reason).not.toMatch(/123456789/);
});

it('reports each job once, however many sweep at the same time', async () => {
  const bench = openQueue(url, prefix);
  const ids = Array.from({ length: 30 }, (_, index) => `bad-${index}`);
  for (const id of ids) await active(bench, id, { opts: 'x' });
  const clients = Array.from({ length: 4 }, () => redis.duplicate());
  const sweeps = await Promise.all(clients.map((client) => sweepQueue(client, prefix, bench.name)));
  for (const client of clients) client.disconnect();
  expect(
    sweeps
      .flat()
      .map(({ jobId }) => jobId)
      .sort(),
  ).toEqual(ids.sort());
  expect(await redis.zcard(bench.key('failed'))).toBe(30);
  expect(await sweepQueue(redis, prefix, bench.name)).toEqual([]);
});

it('reads a long list of active jobs in pages, and misses none of them', async () => {
  const bench = openQueue(url, `${prefix}:long`);
  const ids = Array.from({ length: 950 }, (_, n) => `${n % 3 === 0 ? 'bad' : 'good'}-${n}`);
  const write = redis.pipeline().lpush(bench.key('active'), ...ids);
  for (const id of ids) write.hset(bench.key(id), { name: 'job', data: '{}', timestamp: '1', opts: id.startsWith('bad') ? '{' : '{}' });
  await write.exec();
  const ranges = vi.spyOn(redis, 'lrange');
  onTestFinished(() => void vi.restoreAllMocks());

  const failed = await sweepQueue(redis, `${prefix}:long`, bench.name);

  expect(failed.map(({ jobId }) => jobId).sort()).toEqual(ids.filter((id) => id.startsWith('bad')).sort());
  for (const { value } of ranges.mock.results) expect((await value).length).toBeLessThanOrEqual(200);
  expect(await redis.llen(bench.key('active'))).toBe(ids.filter((id) => id.startsWith('good')).length);
});

describe('an error that one job causes', () => {
  /** Errors of a sweep before whose first look at a job `meanwhile` happens. */
  async function sweep(bench: QueueBench & { readonly prefix: string }, meanwhile: () => Promise<unknown>) {
    const { hmget } = redis;
    vi.spyOn(redis, 'hmget').mockImplementationOnce(async (...args: unknown[]) => {
      await meanwhile();
      return (hmget as (...args: unknown[]) => Promise<never>).apply(redis, args);
    });
    onTestFinished(() => void vi.restoreAllMocks());
    const errors: string[] = [];
    const failed = await sweepQueue(redis, bench.prefix, bench.name, (error) => void errors.push((error as Error).message));
    return { errors, ids: failed.map(({ jobId }) => jobId).toSorted() };
  }

  it('does not hide the jobs that were taken off the queue beside it', async () => {
    const bench = { ...openQueue(url, `${prefix}:one`), prefix: `${prefix}:one` };
    for (const id of ['a', 'b', 'c']) await active(bench, id, { opts: 'x' });
    const refused = await sweep(bench, () => Promise.reject(new Error('ERR refused')));
    expect(refused).toEqual({ errors: ['ERR refused'], ids: expect.toSatisfy((ids: string[]) => ids.length === 2) });
    const next = await sweep(bench, async () => undefined);
    expect(next.errors).toEqual([]);
    expect([...refused.ids, ...next.ids].toSorted()).toEqual(['a', 'b', 'c']);
  });

  it.each(['failed', 'stalled'])(
    'since the key `%s` was taken meanwhile leaves no job on no list and none without a report',
    async (name) => {
      const bench = { ...openQueue(url, `${prefix}:${name}`), prefix: `${prefix}:${name}` };
      await active(bench, 'bad', { opts: 'x' });
      const first = await sweep(bench, () => redis.multi().del(bench.key(name)).hset(bench.key(name), { data: '{}' }).exec());
      expect(await redis.lrange(bench.key('active'), 0, -1)).toEqual(first.ids.includes('bad') ? [] : ['bad']);
      const second = await sweep(bench, async () => undefined);
      expect([...first.ids, ...second.ids].filter((id) => id === 'bad')).toEqual(['bad']);
      expect(await redis.zscore(bench.key('failed'), 'bad')).not.toBeNull();
    },
  );

  it('whose end cannot be recorded leaves the job active', async () => {
    const bench = openQueue(url, `${prefix}:end`);
    await active(bench, 'bad', { opts: '{}', processedOn: '1' });
    await redis.hset(bench.key('failed'), { data: '{}' });
    const keys = { active: bench.key('active'), finished: bench.key('failed'), stalled: bench.key('stalled'), job: bench.key('bad') };
    const options = Buffer.from([0x81, 0xa8, ...Buffer.from('keepJobs'), 0x81, 0xa5, ...Buffer.from('count'), 0x05]);
    const args = { jobId: 'bad', now: 1, field: 'failedReason', value: 'x', options: options as never };
    await expect(endPlainlyScript(redis, { keys: { ...keys, lock: bench.key('bad:lock') }, args })).rejects.toThrow('WRONGTYPE');
    expect(await redis.lrange(bench.key('active'), 0, -1)).toEqual(['bad']);
    await redis.del(bench.key('failed'));
    expect(await endPlainlyScript(redis, { keys: { ...keys, lock: bench.key('bad:lock') }, args })).toBe('ended');
    expect(await redis.lrange(bench.key('active'), 0, -1)).toEqual([]);
  });
});

describe('a crash of the process that ends an unreadable job', () => {
  /** Kinds of jobs that a sweep takes off, and how each comes to be on the queue. */
  const KINDS: readonly (readonly [string, string, (bench: QueueBench) => Promise<unknown>])[] = [
    ['whose options are not JSON', 'bad', (bench) => active(bench, 'bad', { opts: 'x' })],
    ['whose count of starts is no number', 'bad', (bench) => active(bench, 'bad', { opts: '{}', ats: 'x' })],
    ['whose key holds text', 'bad', ({ key }) => redis.multi().set(key('bad'), 'text').lpush(key('active'), 'bad').exec()],
    ['whose id is a key of the queue', 'delayed', ({ key }) => redis.hset(key('delayed'), { data: '{}', timestamp: '1' })],
    ['whose id is the key of the list', 'active', ({ key }) => redis.hset(key('active'), { data: '{}', timestamp: '1' })],
  ];
  const isGone = async ({ key }: QueueBench, id: string) =>
    (await redis.type(key('active'))) !== 'hash' &&
    (await redis.type(key('delayed'))) !== 'hash' &&
    (await redis.lpos(key('active'), id)) === null;

  it.each(KINDS)('before its outcome is recorded leaves it on the queue, for the next sweep: a job %s', async (_name, id, put) => {
    const own = `${prefix}:crash-${Math.random()}`;
    const bench = openQueue(url, own);
    await put(bench);
    const begun: string[] = [];
    // Never resolves, as in a process that is killed there.
    const record = ({ jobId }: UnreadableJob) => new Promise<void>(() => void begun.push(jobId));
    void failUnreadableJobs(redis, own, bench.name, () => NOW, { record, onError: fail });
    await vi.waitFor(() => expect(begun).toEqual([id]));
    expect(await isGone(bench, id)).toBe(false);
    // Another sweep meanwhile leaves it to the first, and reads no list whose key is taken.
    expect(await sweepQueue(redis, own, bench.name, () => undefined)).toEqual([]);
    const [held, heldMs] = [await redis.get(bench.key(`${id}:lock`)), await redis.pttl(bench.key(`${id}:lock`))];
    expect(held).toMatch(/^sweep:/);
    expect(heldMs).toBeGreaterThan(0);
    expect(heldMs).toBeLessThanOrEqual(30_000);
    await redis.del(bench.key(`${id}:lock`));
    expect(await sweepQueue(redis, own, bench.name)).toMatchObject([{ jobId: id }]);
    expect(await isGone(bench, id)).toBe(true);
    expect(await sweepQueue(redis, own, bench.name)).toEqual([]);
  });
});
