import { describe, expect, it } from 'vitest';
import { connectRedis, type Redis } from '../../src/redis/connect.ts';
import { createScript } from '../../src/redis/script.ts';
import { testRedis } from '../support/redis.ts';
import { startRedisServer } from '../support/redis-server.ts';

const add = createScript<[number, string]>(`return { redis.call('INCRBY', KEYS[1], ARGV[1]), ARGV[2] .. KEYS[1] }`);

/** How often the server was asked for each of these so far. */
async function calls(redis: Redis): Promise<{ eval: number; evalsha: number }> {
  const stats = await redis.info('commandstats');
  const count = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  return { eval: count('eval'), evalsha: count('evalsha') };
}

describe('a script', () => {
  it('gets its keys and arguments, numbers too, and gives its result', async () => {
    const { redis, prefix } = testRedis();
    expect(await add(redis, [`${prefix}:n`], [2, 'at '])).toEqual([2, `at ${prefix}:n`]);
    expect(await add(redis, [`${prefix}:n`], ['40', ''])).toEqual([42, `${prefix}:n`]);
  });

  it('sends its source once, then only the hash', async () => {
    const server = await startRedisServer();
    const redis = connectRedis(server.url, 'commands');
    for (let n = 0; n < 10; n++) await add(redis, ['n'], [1, '']);
    expect(await redis.get('n')).toBe('10');
    expect(await calls(redis)).toEqual({ eval: 1, evalsha: 10 });
    redis.disconnect();
    await server.stop();
  });

  it('survives SCRIPT FLUSH and a restart of the server, and runs exactly once each time', async () => {
    const server = await startRedisServer();
    const redis = connectRedis(server.url, 'commands');
    await add(redis, ['n'], [1, '']);
    await redis.script('FLUSH');
    expect(await add(redis, ['n'], [1, ''])).toEqual([2, 'n']);
    await server.kill();
    await server.restart();
    expect(await add(redis, ['n'], [1, ''])).toEqual([3, 'n']);
    redis.disconnect();
    await server.stop();
  });

  it('runs exactly once for each of many calls in flight while the scripts are flushed', async () => {
    const server = await startRedisServer();
    const redis = connectRedis(server.url, 'commands');
    const flusher = connectRedis(server.url, 'commands');
    let flushing = true;
    const flush = async () => {
      while (flushing) await flusher.script('FLUSH');
    };
    const flushed = flush();
    await Promise.all(Array.from({ length: 500 }, () => add(redis, ['n'], [1, ''])));
    flushing = false;
    await flushed;
    expect(await redis.get('n')).toBe('500');
    expect((await calls(redis)).eval).toBeGreaterThan(1);
    redis.disconnect();
    flusher.disconnect();
    await server.stop();
  });

  it('passes on what goes wrong inside it', async () => {
    const { redis, prefix } = testRedis();
    await redis.set(`${prefix}:n`, 'not a number');
    await expect(add(redis, [`${prefix}:n`], [1, ''])).rejects.toThrow(/not an integer/);
    expect(await redis.get(`${prefix}:n`)).toBe('not a number');
  });
});
