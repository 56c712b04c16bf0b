import { expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createDeadLetters } from '../../src/queue/dead-letters/dead-letters.ts';
import { ALERT_QUEUE } from '../../src/queue/names.ts';
import { testRedis } from '../support/redis.ts';

const { redis, prefix } = testRedis();
const DEAD = 3000;

test('a list with a limit above the number of dead letters is read from Redis in pages, and contains all', async () => {
  const key = (part: string) => `${prefix}:${ALERT_QUEUE}:${part}`;
  const write = redis.pipeline();
  for (let n = 0; n < DEAD; n += 1) {
    write.zadd(key('failed'), n, `j${n}`);
    write.hset(key(`j${n}`), { name: 'alert', data: '{}', failedReason: 'malformed: to: is required', timestamp: n });
  }
  await write.exec();
  const dead = createDeadLetters({ redis, prefix, clock: systemClock });
  const read = vi.spyOn(redis, 'zrevrangebyscore');
  onTestFinished(() => {
    vi.restoreAllMocks();
    return dead.close();
  });

  const { total, letters, more } = await dead.list(100_000);

  expect({ total, listed: letters.length, more }).toEqual({ total: DEAD, listed: DEAD, more: false });
  expect(read.mock.calls.length).toBeGreaterThan(10);
  // Of each id its score, too.
  for (const { value } of read.mock.results) expect((await value).length).toBeLessThan(DEAD);
});
