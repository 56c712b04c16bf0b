import type { JobsOptions } from 'bullmq';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createQueueFigures } from '../../src/queue/figures.ts';
import { testRedis } from '../support/redis.ts';
import { openQueue } from './support/queue-bench.ts';

const { url, prefix, redis } = testRedis();
const NOW = new Date('2026-11-20T12:00:00Z');

function setup() {
  const bench = openQueue(url, prefix);
  const figures = createQueueFigures(redis, prefix, [bench.name]);
  onTestFinished(() => figures.close());
  const read = async () => {
    const [figure] = await figures.read(NOW);
    return figure;
  };
  /** A job that was put there so many seconds ago. */
  const add = (age: number, opts: JobsOptions = {}) => bench.queue.add('job', {}, { ...opts, timestamp: NOW.getTime() - age * 1000 });
  return { ...bench, read, add };
}

it('an empty queue counts nothing and has no age', async () => {
  const { name, read } = setup();
  expect(await read()).toEqual({
    queue: name,
    counts: { waiting: 0, prioritized: 0, active: 0, delayed: 0, 'waiting-children': 0, failed: 0 },
    oldestAgeSeconds: 0,
    oldestCriticalSeconds: 0,
    paused: false,
  });
});

it('counts the jobs of each state', async () => {
  const { queue, read, add, take } = setup();
  for (let count = 0; count < 4; count += 1) await add(0);
  const failing = await take('hand');
  await failing.moveToFailed(new Error('on purpose'), 'hand', false);
  await take('hand');
  await queue.addBulk([1, 2, 3].map((priority) => ({ name: 'job', data: {}, opts: { priority } })));
  for (let count = 0; count < 4; count += 1) await add(0, { delay: 60_000 });
  expect(await read()).toMatchObject({ counts: { waiting: 2, prioritized: 3, active: 1, delayed: 4, failed: 1 } });
});

it('separates the queues, and sees changes at each read', async () => {
  const [one, other] = [setup(), setup()];
  const figures = createQueueFigures(redis, prefix, [one.name, other.name]);
  onTestFinished(() => figures.close());
  const waiting = async () => (await figures.read(NOW)).map(({ queue, counts }) => [queue, counts.waiting]);
  await one.add(0);
  const first = await waiting();
  await other.add(0);
  await other.add(0);
  expect([first, await waiting()]).toEqual([
    [
      [one.name, 1],
      [other.name, 0],
    ],
    [
      [one.name, 1],
      [other.name, 2],
    ],
  ]);
});

describe('the oldest critical', () => {
  it.each<[string, readonly [number, JobsOptions][], number]>([
    [
      'is the first to come of those without a priority',
      [
        [30, {}],
        [20, {}],
      ],
      30,
    ],
    [
      'is none where only lesser ones wait',
      [
        [90, { priority: 1 }],
        [80, { priority: 3 }],
      ],
      0,
    ],
    [
      'is not hidden by older lesser ones',
      [
        [3600, { priority: 3 }],
        [12, {}],
        [60, { priority: 1 }],
      ],
      12,
    ],
    ['is none when it is delayed', [[900, { delay: 7_200_000 }]], 0],
    ['of another clock, from the future, is none', [[-30, {}]], 0],
  ])('%s', async (_, jobs, seconds) => {
    const { add, read } = setup();
    for (const [age, opts] of jobs) await add(age, opts);
    expect(await read()).toMatchObject({ oldestCriticalSeconds: seconds });
  });

  it('is none where an id has no job behind it, and none once it is worked on', async () => {
    const { add, take, key, read } = setup();
    await add(100);
    await take('hand');
    await redis.rpush(key('wait'), 'nobody');
    expect(await read()).toMatchObject({ oldestCriticalSeconds: 0 });
  });
});

describe('the oldest age', () => {
  it.each<[string, readonly [number, JobsOptions][], number]>([
    ['of one that waits', [[7, {}]], 7],
    [
      'is that of the first to come',
      [
        [30, {}],
        [20, {}],
        [10, {}],
      ],
      30,
    ],
    [
      'is found behind younger criticals, in the lane of the errors',
      [
        [5, {}],
        [60, { priority: 1 }],
        [50, { priority: 1 }],
      ],
      60,
    ],
    [
      'is found in the lane of the warnings',
      [
        [5, {}],
        [6, { priority: 1 }],
        [90, { priority: 2 }],
        [7, { priority: 3 }],
      ],
      90,
    ],
    [
      'is found in the last lane',
      [
        [5, {}],
        [6, { priority: 1 }],
        [7, { priority: 2 }],
        [3600, { priority: 3 }],
        [30, { priority: 3 }],
      ],
      3600,
    ],
    [
      'is that of a critical when that is the oldest',
      [
        [40, {}],
        [6, { priority: 1 }],
        [7, { priority: 3 }],
      ],
      40,
    ],
    ['is none when all are delayed', [[900, { delay: 7_200_000 }]], 0],
    [
      'leaves the delayed out',
      [
        [900, { delay: 7_200_000 }],
        [3, {}],
      ],
      3,
    ],
    ['of one from the future, by another clock, is none', [[-30, {}]], 0],
  ])('%s', async (_, jobs, seconds) => {
    const { add, read } = setup();
    for (const [age, opts] of jobs) await add(age, opts);
    expect(await read()).toMatchObject({ oldestAgeSeconds: seconds });
  });

  it('does not count one that is being worked on', async () => {
    const { add, take, read } = setup();
    await add(100);
    await add(4);
    await take('hand');
    expect(await read()).toMatchObject({ oldestAgeSeconds: 4, counts: { active: 1 } });
  });

  it('survives an id without a job behind it', async () => {
    const { add, key, read } = setup();
    await add(8, { priority: 3 });
    await redis.rpush(key('wait'), 'nobody');
    expect(await read()).toMatchObject({ oldestAgeSeconds: 8, counts: { waiting: 1 } });
  });
});

it('says that a queue is paused until it is resumed, and counts what waits meanwhile', async () => {
  const { queue, read, add } = setup();
  await queue.pause();
  await add(90);
  expect(await read()).toMatchObject({ paused: true, counts: { waiting: 1 }, oldestAgeSeconds: 90, oldestCriticalSeconds: 90 });
  await queue.resume();
  expect(await read()).toMatchObject({ paused: false, counts: { waiting: 1 } });
});
