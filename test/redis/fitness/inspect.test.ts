import { expect, inject, test } from 'vitest';
import { freePort } from '../../../src/embedded/free-port.ts';
import { inspectRedis } from '../../../src/redis/fitness/inspect.ts';
import { RedisUnavailableError } from '../../../src/redis/unavailable.ts';

test('a Redis that answers tells what it is, how near it is and what time it has', async () => {
  const { address, server, latencyMs, clockAheadMs } = await inspectRedis(inject('redisUrl'));
  expect(address).toBe(inject('redisUrl'));
  expect(server).toMatch(/^(Redis|Valkey) \d/);
  expect(latencyMs).toBeGreaterThan(0);
  // The same machine's clock.
  expect(Math.abs(clockAheadMs as number)).toBeLessThan(latencyMs + 50);
});

test('one that does not is not available, and its password is not told', async () => {
  const inspecting = inspectRedis(`redis://:hush-hush@127.0.0.1:${await freePort()}`);
  await expect(inspecting).rejects.toThrow(RedisUnavailableError);
  await expect(inspecting).rejects.not.toThrow(/hush/);
});
