import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, inject } from 'vitest';

/** A client on the shared test Redis and a prefix that no other test uses; both go when the file ends. */
export function testRedis(): { url: string; prefix: string; redis: Redis } {
  const url = inject('redisUrl');
  const prefix = `{t-${randomUUID().slice(0, 8)}}`;
  const redis = new Redis(url);
  afterAll(() => redis.disconnect());
  return { url, prefix, redis };
}
