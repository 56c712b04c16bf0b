import { expect, test } from 'vitest';
import { RedisUnavailableError } from '../../src/redis/unavailable.ts';
import { type } from './recording-deps.ts';

test('resolve ends the episode of a key', async () => {
  const { code, stdout, stderr, calls } = await type(['resolve', 'db-1/unreachable']);
  expect(calls).toEqual([['loadConfig', undefined], ['resolve', 'db-1/unreachable'], ['close producer']]);
  expect(stdout).toBe('');
  expect(stderr).toContain('cancelled');
  expect(code).toBe(0);
});

test('--json repeats the key', async () => {
  const { stdout } = await type(['resolve', '--json', 'db-1/unreachable']);
  expect(JSON.parse(stdout)).toEqual({ dedupKey: 'db-1/unreachable', resolved: true });
});

test('Redis away is exit 1, and the producer is closed all the same', async () => {
  const { code, stderr, calls } = await type(['resolve', 'k'], {
    resolve: () => {
      throw new RedisUnavailableError('frozen');
    },
  });
  expect(code).toBe(1);
  expect(stderr).toContain('Redis is not available: frozen');
  expect(calls.at(-1)).toEqual(['close producer']);
});
