import { DelayedError, type Job, UnrecoverableError, Worker } from 'bullmq';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { type JobMove, settleJob } from '../../../src/queue/worker/settle.ts';
import { connectRedis } from '../../../src/redis/connect.ts';
import { testRedis } from '../../support/redis.ts';
import { startRedisServer } from '../../support/redis-server.ts';
import { until } from '../../support/until.ts';
import { openQueue } from '../support/queue-bench.ts';

const { url, prefix, redis } = testRedis();

/** A stock worker whose jobs go where `judge` says. */
function work(name: string, judge: (job: Job) => JobMove): void {
  const connection = connectRedis(url, 'worker');
  const worker = new Worker(name, (job, token) => settleJob(job, token, judge(job), systemClock, () => undefined), { connection, prefix });
  onTestFinished(async () => {
    await worker.close();
    connection.disconnect();
  });
}

it('a completed job is completed', async () => {
  const { queue, name } = openQueue(url, prefix);
  work(name, () => ({ kind: 'complete' }));
  await queue.add('job', {}, { jobId: 'j' });
  await until(async () => (await queue.getJobState('j')) === 'completed');
});

it('a delayed job comes back at its time, and any number of delays costs no attempt', async () => {
  const { queue, name } = openQueue(url, prefix);
  const runs: { at: number; attemptsMade: number }[] = [];
  const told: number[] = [];
  work(name, ({ attemptsMade }) => {
    runs.push({ at: Date.now(), attemptsMade });
    if (runs.length > 4) return { kind: 'complete' };
    told.push(Date.now() + 60);
    return { kind: 'delay', until: new Date(Date.now() + 60) };
  });
  // One attempt is all it has.
  await queue.add('job', {}, { jobId: 'j', attempts: 1 });
  await until(async () => (await queue.getJobState('j')) === 'completed');
  expect(runs.map(({ attemptsMade }) => attemptsMade)).toEqual([0, 0, 0, 0, 0]);
  for (const [index, at] of told.entries()) expect(runs[index + 1]?.at).toBeGreaterThanOrEqual(at - 1);
});

it('a delayed job waits among the delayed for the very time', async () => {
  const { queue, take } = openQueue(url, prefix);
  await queue.add('job', {}, { jobId: 'j' });
  const at = new Date(Date.now() + 3_600_000);
  await expect(settleJob(await take('mine'), 'mine', { kind: 'delay', until: at }, systemClock, () => undefined)).rejects.toThrow(
    DelayedError,
  );
  const job = await queue.getJob('j');
  expect(await job?.getState()).toBe('delayed');
  expect((job?.timestamp ?? 0) + (job?.delay ?? 0)).toBeLessThanOrEqual(at.getTime());
  expect(Math.abs(at.getTime() - Date.now() - (job?.delay ?? 0))).toBeLessThan(2000);
});

it('a failed job is in the failed set with its reason after one run, with any number of attempts left', async () => {
  const { queue, name, key } = openQueue(url, prefix);
  let runs = 0;
  work(name, () => {
    runs += 1;
    return { kind: 'failed', reason: 'malformed: no such thing' };
  });
  await queue.add('job', {}, { jobId: 'j', attempts: 5 });
  await until(async () => (await queue.getJobState('j')) === 'failed');
  expect(await queue.getJob('j')).toMatchObject({ failedReason: 'malformed: no such thing' });
  expect(runs).toBe(1);
  // Where our own lines are is no business of who looks at the queue.
  expect(JSON.parse((await redis.hget(key('j'), 'stacktrace')) ?? '[]')).toEqual([]);
  await expect(settleJob({} as Job, 'mine', { kind: 'failed', reason: 'x' }, systemClock, () => undefined)).rejects.toThrow(
    UnrecoverableError,
  );
});

it.each([
  ['another worker’s', 'theirs'],
  ['nobody’s', undefined],
])('a job whose lock is %s is left to its owner, and BullMQ leaves it too', async (_, holder) => {
  const { queue, key, take } = openQueue(url, prefix);
  await queue.add('job', {}, { jobId: 'j' });
  const job = await take('mine');
  if (holder === undefined) await redis.del(key('j:lock'));
  else await redis.set(key('j:lock'), holder);
  await expect(settleJob(job, 'mine', { kind: 'delay', until: new Date() }, systemClock, () => undefined)).rejects.toThrow(DelayedError);
  expect(await queue.getJobState('j')).toBe('active');
  expect(await redis.get(key('j:lock'))).toBe(holder ?? null);
});

it('a delay that Redis rejects is reported and repeated until it is accepted', async () => {
  const server = await startRedisServer();
  onTestFinished(server.stop);
  const { queue, take } = openQueue(server.url, '{sms}');
  await queue.add('job', {}, { jobId: 'j' });
  const job = await take('mine');
  const admin = connectRedis(server.url, 'commands');
  onTestFinished(() => admin.disconnect());
  await admin.config('SET', 'min-replicas-to-write', '1');
  const refusals: string[] = [];
  const settling = settleJob(job, 'mine', { kind: 'delay', until: new Date(Date.now() + 60_000) }, systemClock, (error) => {
    refusals.push((error as Error).message);
    if (refusals.length === 2) void admin.config('SET', 'min-replicas-to-write', '0');
  });
  await expect(settling).rejects.toThrow(DelayedError);
  expect(refusals).toEqual([1, 2].map(() => expect.stringContaining('NOREPLICAS')));
  expect(await queue.getJobState('j')).toBe('delayed');
});

it('a job that is delayed with another priority comes back behind all that came with its own', async () => {
  const { queue, key, take } = openQueue(url, prefix);
  await queue.add('job', {}, { jobId: 'waited' });
  const waited = await take('mine');
  await expect(settleJob(waited, 'mine', { kind: 'delay', until: new Date(), priority: 1 }, systemClock, () => undefined)).rejects.toThrow(
    DelayedError,
  );
  await queue.add('job', {}, { jobId: 'new' });
  await queue.add('job', {}, { jobId: 'lesser', priority: 2 });
  await until(async () => Number(await redis.zscore(key('delayed'), 'waited')) / 0x1000 <= Date.now());
  expect([(await take('a')).id, (await take('b')).id, (await take('c')).id]).toEqual(['new', 'waited', 'lesser']);
});
