import { randomUUID } from 'node:crypto';
import type { Job } from 'bullmq';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLogger } from '../../src/logger.ts';
import { openQueue } from '../../src/queue/open-queue.ts';
import { createQueueWorker } from '../../src/queue/worker/queue-worker.ts';
import type { JobMove } from '../../src/queue/worker/settle.ts';
import { useClock } from '../../src/redis/clock/redis-clock.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { testRedis } from '../support/redis.ts';
import { createSettableClock, type SettableClock } from '../support/settable-clock.ts';
import { until } from '../support/until.ts';

const { url, prefix, redis } = testRedis();

const HOUR_MS = 3_600_000;
/** BullMQ keeps the time of a delayed job in the upper bits of its score. */
const FACTOR = 4096;

/** A queue and a worker by a clock that the test moves, while the wall clock of this process is what it is. */
function bench(aheadMs: number, judge: (job: Job, clock: SettableClock) => JobMove, lockMs = 30_000) {
  const clock = createSettableClock(Date.now() + aheadMs);
  const name = `q-${randomUUID().slice(0, 8)}`;
  const [commands, shared] = [connectRedis(url, 'commands'), connectRedis(url, 'worker')];
  useClock(commands, clock);
  const queue = openQueue(name, commands, prefix);
  const runs: string[] = [];
  const logger = createLogger('silent');
  const start = () => {
    const worker = createQueueWorker(
      name,
      { shared, commands, prefix, concurrency: 2, lockMs, logger },
      {
        process: async (job) => {
          runs.push(job.id as string);
          return judge(job, clock);
        },
        onUnreadable: async () => undefined,
      },
    );
    onTestFinished(worker.close);
    return worker;
  };
  onTestFinished(async () => {
    await queue.close();
    commands.disconnect();
    shared.disconnect();
  });
  const key = (part: string) => `${prefix}:${name}:${part}`;
  const dueAt = async (id: string) => Math.floor(Number(await redis.zscore(key('delayed'), id)) / FACTOR);
  return { clock, queue, start, runs, key, dueAt };
}

const done: JobMove = { kind: 'complete' };

describe.each([
  ['an hour ahead of this process', HOUR_MS],
  ['an hour behind this process', -HOUR_MS],
])('by a clock of Redis that is %s', (_name, aheadMs) => {
  it('jobs have its time', async () => {
    const { clock, queue } = bench(aheadMs, () => done);
    const one = await queue.add('job', {}, { jobId: 'one' });
    const [many] = await queue.addBulk([{ name: 'job', data: {}, opts: { jobId: 'many' } }]);
    expect([one.timestamp, many?.timestamp]).toEqual([clock.at, clock.at]);
    expect((await queue.add('job', {}, { jobId: 'given', timestamp: 7 })).timestamp).toBe(7);
  });

  it('a delayed job waits for its moment, not for that of this process', async () => {
    const { clock, queue, start, runs, dueAt, key } = bench(aheadMs, () => done);
    await queue.add('job', {}, { jobId: 'later', delay: 1_000 });
    await queue.add('job', {}, { jobId: 'now' });
    expect(await dueAt('later')).toBe(clock.at + 1_000);
    start();
    await until(() => runs.includes('now'));
    await queue.add('job', {}, { jobId: 'next' });
    await until(() => runs.includes('next'));
    expect(await redis.zcard(key('delayed'))).toBe(1);
    clock.at += 1_000;
    await queue.add('job', {}, { jobId: 'wakes the worker' });
    await until(() => runs.includes('later'));
  });

  it('a delayed job comes back at its time, and a dead letter has its own time', async () => {
    const moves: JobMove[] = [];
    const { clock, queue, start, runs, dueAt } = bench(aheadMs, () => moves.shift() ?? { kind: 'failed', reason: 'over' });
    moves.push({ kind: 'delay', until: new Date(clock.at + 60_000) });
    await queue.add('job', {}, { jobId: 'j' });
    start();
    await until(async () => (await queue.getJobState('j')) === 'delayed');
    expect(Math.abs((await dueAt('j')) - clock.at - 60_000)).toBeLessThan(50);
    clock.at += 61_000;
    await queue.add('job', {}, { jobId: 'k' });
    await until(() => runs.filter((id) => id === 'j').length === 2);
    await until(async () => (await queue.getJobState('j')) === 'failed');
    expect(await queue.getJob('j')).toMatchObject({ finishedOn: clock.at, processedOn: clock.at });
  });

  it('the lock of a job that runs for long is renewed', async () => {
    let release: () => void = () => undefined;
    const running = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { queue, start, runs, key } = bench(aheadMs, () => running.then(() => done) as unknown as JobMove, 1_000);
    start();
    await queue.add('job', {}, { jobId: 'long' });
    await until(() => runs.length === 1);
    const end = performance.now() + 2_500;
    await until(async () => {
      expect(await redis.exists(key('long:lock'))).toBe(1);
      return performance.now() > end;
    });
    release();
    await until(async () => (await queue.getJobState('long')) === 'unknown');
    expect(runs).toEqual(['long']);
  });
});
