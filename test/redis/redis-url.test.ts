import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { connectRedis, redactUrl } from '../../src/redis/connect.ts';

describe('redactUrl', () => {
  it.each([
    ['redis://127.0.0.1:6379', 'redis://127.0.0.1:6379'],
    ['redis://:hunter2@redis.example:6380/3', 'redis://:***@redis.example:6380/3'],
    ['rediss://alice:hunter2@redis.example', 'rediss://alice:***@redis.example'],
    ['redis://alice@redis.example', 'redis://alice@redis.example'],
    ['redis://redis.example/0?password=hunter2', 'redis://redis.example/0'],
    ['/run/redis.sock?password=hunter2', '/run/redis.sock'],
    ['redis://:hunt#er2@redis.example', 'redis://(unreadable)'],
    ['hunter2', 'redis://(unreadable)'],
  ])('turns %s into %s', (url, expected) => {
    expect(redactUrl(url)).toBe(expected);
  });
});

describe('a URL that is none', () => {
  it.each(['', 'hunter2', 'http://redis.example', 'redis://:hunt#er2@redis.example', '//redis.example', 'localhost:6379'])(
    'is refused without being repeated: %s',
    (url) => {
      const failure = (() => {
        try {
          return connectRedis(url, 'door').disconnect();
        } catch (error) {
          return error as Error;
        }
      })();
      expect(failure).toMatchObject({ message: expect.stringContaining('the Redis URL cannot be read') });
      expect(inspect(failure, { showHidden: true })).not.toMatch(/hunt/);
    },
  );
});
