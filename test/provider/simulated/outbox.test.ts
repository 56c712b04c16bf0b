import { expect, it } from 'vitest';
import { createRedisOutbox, type OutboxEntry } from '../../../src/provider/simulated/outbox.ts';
import { createKeys, OUTBOX_LENGTH } from '../../../src/redis/keys.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();

const entry = (index: number, text = 'hi'): OutboxEntry => ({
  at: '2026-11-20T03:00:00.000Z',
  provider: 'desk',
  messageId: `m-${index}`,
  to: '+60*******789',
  text,
});

it('gives back what was put in, newest first', async () => {
  const outbox = createRedisOutbox(redis, createKeys(`${prefix}a`).outbox());
  const odd = entry(2, 'at\nprovider "你好" 🔥');
  for (const put of [entry(1), odd, entry(3)]) await outbox.append(put);
  expect(await outbox.latest(10)).toEqual([entry(3), odd, entry(1)]);
  expect(await outbox.latest(2)).toEqual([entry(3), odd]);
});

it('is empty before the first text', async () => {
  expect(await createRedisOutbox(redis, createKeys(`${prefix}b`).outbox()).latest(10)).toEqual([]);
});

it('forgets the oldest', async () => {
  const key = createKeys(`${prefix}c`).outbox();
  const outbox = createRedisOutbox(redis, key);
  const count = OUTBOX_LENGTH + 500;
  await Promise.all(Array.from({ length: count }, (_, index) => outbox.append(entry(index))));
  // Redis trims whole nodes of the stream, of a hundred entries.
  expect(await redis.xlen(key)).toBeLessThanOrEqual(OUTBOX_LENGTH + 100);
  expect(await redis.xlen(key)).toBeGreaterThanOrEqual(OUTBOX_LENGTH);
  expect((await outbox.latest(1))[0]?.messageId).toBe(`m-${count - 1}`);
});
