import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/logger.ts';
import { createFetchWatch } from '../../../src/queue/worker/fetch-watch.ts';
import { createQueueWorker } from '../../../src/queue/worker/queue-worker.ts';
import { connectRedis } from '../../../src/redis/connect.ts';
import { testRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';
import { openQueue } from '../support/queue-bench.ts';

describe('the watch over a worker', () => {
  const looks = (count: number, busy = false) => Array<boolean>(count).fill(busy);
  it.each([
    ['four looks without a request', looks(4), true, [false, false, false, false]],
    ['five looks without a request', looks(5), false, [false, false, false, false, true]],
    ['a full worker, however long', looks(20, true), true, looks(20)],
    ['five looks after the last job of a full worker', [...looks(20, true), ...looks(5)], false, [...looks(24), true]],
    ['ten looks: due twice', looks(10), false, [...looks(4), true, ...looks(4), true]],
  ])('%s', (_, given, fetching, due) => {
    const watch = createFetchWatch();
    expect(given.map((busy) => watch.look(busy))).toEqual(due);
    expect(watch.isFetching()).toBe(fetching);
    watch.asked();
    expect(watch.isFetching()).toBe(true);
  });
});

describe('a worker that waits for a reply that never comes', () => {
  const { url, prefix } = testRedis();

  it('is replaced, says so until the new one asks for work, and loses no job', { timeout: 160_000 }, async ({ onTestFinished }) => {
    const { queue, name } = openQueue(url, prefix, `q-${randomUUID().slice(0, 8)}`);
    const [shared, commands] = [connectRedis(url, 'worker'), connectRedis(url, 'commands')];
    const lines: { msg: string }[] = [];
    const seen: string[] = [];
    const stuck: (string | undefined)[] = [];
    const worker = createQueueWorker(
      name,
      {
        shared,
        commands,
        prefix,
        concurrency: 2,
        lockMs: 10_000,
        logger: createLogger('warn', {
          write: (line) => {
            lines.push(JSON.parse(line));
            stuck.push(worker.notFetching());
          },
        }),
        // Five looks are longer than the blocking read of 5 s, so that a worker that only waits is left alone.
        lookEveryMs: 1_300,
      },
      {
        process: async ({ id }) => {
          seen.push(String(id));
          return { kind: 'complete' };
        },
        onUnreadable: async () => undefined,
      },
    );
    onTestFinished(async () => {
      await worker.close();
      shared.disconnect();
      commands.disconnect();
    });
    await queue.add('job', {}, { jobId: 'before' });
    await until(() => seen.includes('before'), 10_000);
    let swallowed = 0;
    shared.sendCommand = (() => {
      swallowed += 1;
      return new Promise(() => undefined);
    }) as typeof shared.sendCommand;
    await queue.add('job', {}, { jobId: 'after' });
    await until(() => seen.includes('after'), 30_000);
    expect(swallowed).toBeGreaterThan(0);
    // On a busy machine the replacement may itself come too late, and is replaced once more.
    expect(new Set(lines.map(({ msg }) => msg))).toEqual(new Set(['worker stopped fetching jobs; replacing it']));
    expect(new Set(stuck)).toEqual(new Set([name]));
    expect(worker.notFetching()).toBeUndefined();
  });
});
