import { once } from 'node:events';
import { expect, it } from 'vitest';
import { connectRedis, duplicateRedis } from '../../../src/redis/connect.ts';
import { createConnections } from '../../../src/roles/redis/connections.ts';
import { testRedis } from '../../support/redis.ts';

it('only connections that are still wanted count as missing', async ({ onTestFinished }) => {
  const { url, redis } = testRedis();
  const connections = createConnections();
  const client = connectRedis(url, 'worker', () => undefined, connections.add);
  const duplicate = duplicateRedis(client, { again: true });
  onTestFinished(() => {
    for (const each of [client, duplicate]) each.disconnect();
  });
  await connections.allUp(redis);

  const lose = async () => {
    duplicate.disconnect(true);
    await once(duplicate, 'close');
  };
  await lose();
  expect(await connections.missing(0, redis)).toBe('1 of 2 connections to Redis are not up');
  await connections.allUp(redis);

  // As BullMQ marks a client that it has closed; the event `end` does not follow.
  await lose();
  duplicate.status = 'end';
  expect(await connections.missing(0, redis)).toBeUndefined();
});
