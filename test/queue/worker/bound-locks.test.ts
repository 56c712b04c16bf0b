import { describe, expect, it } from 'vitest';
import { boundLocks } from '../../../src/queue/worker/bound-locks.ts';
import { testRedis } from '../../support/redis.ts';
import { openQueue } from '../support/queue-bench.ts';

const { url, prefix, redis } = testRedis();
const TWO_HOURS_MS = 7_200_000;

describe('after Redis’ clock was set back', () => {
  it('locks of jobs and the pause of the stalled check get their own length again; others are left alone', async () => {
    const { queue, name, key, take } = openQueue(url, prefix);
    const [stuck, alive] = ['stuck', 'alive'];
    await queue.addBulk([stuck, alive].map((jobId) => ({ name: 'job', data: {}, opts: { jobId } })));
    await take('one');
    await take('two');
    await redis.pexpire(key(`${stuck}:lock`), TWO_HOURS_MS + 30_000);
    await redis.pexpire(key(`${alive}:lock`), 20_000);
    await redis.set(key('stalled-check'), '1', 'PX', TWO_HOURS_MS);
    expect(await boundLocks(redis, prefix, [name], 90_000)).toBe(1);
    expect(await boundLocks(redis, prefix, [name], 90_000)).toBe(0);
    const [locked, own, pause] = await Promise.all(
      [`${stuck}:lock`, `${alive}:lock`, 'stalled-check'].map((part) => redis.pttl(key(part))),
    );
    expect(locked).toBeGreaterThan(60_000);
    expect(locked).toBeLessThanOrEqual(90_000);
    expect(own).toBeLessThanOrEqual(20_000);
    expect(pause).toBeLessThanOrEqual(5_000);
  });

  it('all pages of the running jobs are read', async () => {
    const { name, key } = openQueue(url, prefix);
    const ids = Array.from({ length: 450 }, (_, index) => `j-${index}`);
    await redis.rpush(key('active'), ...ids);
    for (const id of ids) await redis.set(key(`${id}:lock`), 'x', 'PX', TWO_HOURS_MS);
    expect(await boundLocks(redis, prefix, [name], 1_000)).toBe(450);
    expect(await redis.pttl(key('j-449:lock'))).toBeLessThanOrEqual(60_000);
  });
});
