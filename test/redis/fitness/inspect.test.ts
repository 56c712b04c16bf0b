import { expect, inject, test } from 'vitest';
import { inspectRedis } from '../../../src/redis/fitness/inspect.ts';
import { RedisUnavailableError } from '../../../src/redis/unavailable.ts';
import { testPort } from '../../support/test-port.ts';

test('a Redis that answers reports its version, its latency and its time', async () => {
  const { address, server, latencyMs, clockAheadMs } = await inspectRedis(inject('redisUrl'));
  expect(address).toBe(inject('redisUrl'));
  expect(server).toMatch(/^(Redis|Valkey) \d/);
  expect(latencyMs).toBeGreaterThan(0);
  // The same machine's clock.
  expect(Math.abs(clockAheadMs as number)).toBeLessThan(latencyMs + 50);
});

test('one that does not is unavailable, and its password is not shown', async () => {
  const inspecting = inspectRedis(`redis://:hush-hush@127.0.0.1:${await testPort()}`);
  await expect(inspecting).rejects.toThrow(RedisUnavailableError);
  await expect(inspecting).rejects.not.toThrow(/hush/);
});
