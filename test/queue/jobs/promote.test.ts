import { describe, expect, it } from 'vitest';
import { promoteMessages } from '../../../src/queue/jobs/alert-jobs.ts';
import { testRedis } from '../../support/redis.ts';
import { openQueue } from '../support/queue-bench.ts';

const { url, prefix, redis } = testRedis();

const HOUR_MS = 3_600_000;

describe('promoteMessages', () => {
  it('runs the delayed ones of its list now, each in its lane', async () => {
    const { queue, key } = openQueue(url, prefix);
    await queue.add('message', {}, { jobId: 'critical', delay: HOUR_MS });
    await queue.add('message', {}, { jobId: 'warning', delay: HOUR_MS, priority: 2 });
    await queue.add('message', {}, { jobId: 'unnamed', delay: HOUR_MS });
    await promoteMessages(queue, ['critical', 'warning']);
    expect(await redis.lrange(key('wait'), 0, -1)).toEqual(['critical']);
    expect(await redis.zrange(key('prioritized'), '0', '-1')).toEqual(['warning']);
    expect(await redis.zrange(key('delayed'), '0', '-1')).toEqual(['unnamed']);
  });

  it('skips waiting, running, failed and removed ones, and still promotes the rest', async () => {
    const { queue, key, take } = openQueue(url, prefix);
    await queue.add('message', {}, { jobId: 'f' });
    await (await take('hand')).moveToFailed(new Error('on purpose'), 'hand', false);
    await queue.add('message', {}, { jobId: 'a' });
    await take('hand');
    await queue.add('message', {}, { jobId: 'w' });
    await queue.add('message', {}, { jobId: 'd', delay: HOUR_MS });
    await promoteMessages(queue, ['f', 'a', 'w', 'gone', 'd']);
    const state = (id: string) => queue.getJobState(id);
    expect([await state('f'), await state('a'), await state('w'), await state('d')]).toEqual(['failed', 'active', 'waiting', 'waiting']);
    expect(await redis.lrange(key('wait'), 0, -1)).toEqual(['d', 'w']);
    expect(await queue.getJob('gone')).toBeUndefined();
  });

  it('is done once when several wake the same ones', async () => {
    const { queue, key } = openQueue(url, prefix);
    const ids = Array.from({ length: 20 }, (_, index) => `m-${index}`);
    await queue.addBulk(ids.map((jobId) => ({ name: 'message', data: {}, opts: { jobId, delay: HOUR_MS } })));
    await Promise.all([promoteMessages(queue, ids), promoteMessages(queue, ids), promoteMessages(queue, ids)]);
    expect((await redis.lrange(key('wait'), 0, -1)).sort()).toEqual(ids.sort());
  });

  it('does not hide a Redis that refuses', async () => {
    const { queue, key } = openQueue(url, prefix);
    await queue.add('message', {}, { jobId: 'm-1', delay: HOUR_MS });
    await redis.set(key('wait'), 'not a list');
    await expect(promoteMessages(queue, ['m-1'])).rejects.toThrow('WRONGTYPE');
  });

  it('promotes nothing for an empty list', async () => {
    const { queue } = openQueue(url, prefix);
    await queue.add('message', {}, { jobId: 'm-1', delay: HOUR_MS });
    await promoteMessages(queue, []);
    expect(await queue.getJobState('m-1')).toBe('delayed');
  });
});
