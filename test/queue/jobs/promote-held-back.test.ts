import { expect, onTestFinished, test, vi } from 'vitest';
import { promoteHeldBack } from '../../../src/queue/jobs/message-jobs.ts';
import { MESSAGE_QUEUE } from '../../../src/queue/names.ts';
import { openQueue } from '../../../src/queue/open-queue.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();

test('what the config holds back is promoted among many, read in pages; what waits for another reason stays', async () => {
  const keys = createKeys(prefix);
  const queue = openQueue(MESSAGE_QUEUE, redis, prefix);
  const ids = Array.from({ length: 1500 }, (_, n) => `m-${n}`);
  await queue.addBulk(ids.map((jobId) => ({ name: 'message', data: {}, opts: { jobId, delay: 3_600_000 } })));
  const reasonOf = (index: number) => (index % 2 === 0 ? 'quiet_hours' : 'provider_busy');
  const write = redis.pipeline();
  for (const [index, id] of ids.entries()) write.hset(keys.message(id), { state: 'deferred', reason: reasonOf(index) });
  await write.exec();
  const scan = vi.spyOn(redis, 'zscan');
  const range = vi.spyOn(redis, 'zrange');
  onTestFinished(() => void vi.restoreAllMocks());

  expect(await promoteHeldBack(redis, keys)).toBe(750);

  expect(await redis.zcard(queue.toKey('delayed'))).toBe(750);
  expect(scan.mock.calls.length).toBeGreaterThan(3);
  for (const { value } of scan.mock.results) expect((await value)[1].length).toBeLessThan(1500);
  expect(range).not.toHaveBeenCalled();
  await queue.close();
});
