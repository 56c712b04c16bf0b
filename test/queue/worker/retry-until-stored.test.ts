import { expect, it, onTestFinished } from 'vitest';
import { retryUntilStored } from '../../../src/queue/worker/settle.ts';
import { connectRedis } from '../../../src/redis/connect.ts';
import { testRedis } from '../../support/redis.ts';
import { startRedisServer } from '../../support/redis-server.ts';

const { prefix, redis } = testRedis();

it('an accepted write is made once, and its answer returned', async () => {
  const refusals: unknown[] = [];
  const count = await retryUntilStored(
    () => redis.incr(`${prefix}:once`),
    (error) => refusals.push(error),
  );
  expect([count, refusals]).toEqual([1, []]);
  expect(await redis.get(`${prefix}:once`)).toBe('1');
});

it('a write that Redis rejects is repeated at growing intervals until Redis accepts it, and each rejection is reported', async () => {
  const server = await startRedisServer();
  const own = connectRedis(server.url, 'commands');
  onTestFinished(async () => {
    own.disconnect();
    await server.stop();
  });
  await own.config('SET', 'maxmemory', '1');
  const refusals: { message: string; at: number }[] = [];
  const answer = await retryUntilStored(
    () => own.set('outcome', 'accepted'),
    (error) => {
      refusals.push({ message: (error as Error).message, at: performance.now() });
      if (refusals.length === 3) void own.config('SET', 'maxmemory', '0');
    },
  );
  const end = performance.now();
  expect(answer).toBe('OK');
  expect(await own.get('outcome')).toBe('accepted');
  expect(refusals.map(({ message }) => message)).toEqual([1, 2, 3].map(() => expect.stringContaining('OOM')));
  const times = [...refusals.map(({ at }) => at), end];
  const waits = times.slice(1).map((at, index) => at - (times[index] as number));
  for (const [index, least] of [195, 395, 795].entries()) expect(waits[index]).toBeGreaterThan(least);
});
