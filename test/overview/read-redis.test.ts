import { describe, expect, it, onTestFinished } from 'vitest';
import { connectRedis, type Redis } from '../../src/redis/connect.ts';
import { readRedis } from '../../src/roles/figures.ts';
import { startRedisServer } from '../support/redis-server.ts';

describe('statistics that Redis reports', () => {
  it('is read, and left out where INFO is forbidden', async () => {
    const server = await startRedisServer(['--maxmemory', '100mb']);
    onTestFinished(server.stop);
    const redis = connectRedis(server.url, 'interactive');
    onTestFinished(() => redis.disconnect());
    expect(await readRedis(redis)).toMatchObject({
      maxMemoryBytes: 100 * 2 ** 20,
      maxMemoryPolicy: 'noeviction',
      evictedKeys: 0,
      appendOnly: true,
      lastWriteOk: true,
    });
    await redis.acl('SETUSER', 'default', '-info');
    expect(await readRedis(redis)).toBeUndefined();
  });

  it.each(["ERR unknown command 'INFO', with args beginning with: ", "NOPERM this user has no permissions to run the 'info' command"])(
    'is left out where the server says: %s',
    async (words) => {
      const redis = { isCluster: false, info: () => Promise.reject(new Error(words)) } as unknown as Redis;
      expect(await readRedis(redis)).toBeUndefined();
    },
  );

  it('is left out on a Cluster, where it would be that of one node', async () => {
    expect(await readRedis({ isCluster: true } as unknown as Redis)).toBeUndefined();
  });

  it('is a failure, and not left out, while Redis is away', async () => {
    const redis = { isCluster: false, info: () => Promise.reject(new Error('Connection is closed.')) } as unknown as Redis;
    await expect(readRedis(redis)).rejects.toThrow('closed');
  });
});
