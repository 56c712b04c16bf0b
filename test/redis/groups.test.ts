import { describe, expect, it } from 'vitest';
import { connectRedis, duplicateRedis, isCluster } from '../../src/redis/connect.ts';
import { checkRedis } from '../../src/redis/fitness/check.ts';
import { withinDeadline } from '../../src/redis/unavailable.ts';
import { scriptOf } from '../support/lua-script.ts';
import { startRedisCluster, startSentinelGroup, tell } from '../support/redis-groups.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { testPort } from '../support/test-port.ts';
import { until } from '../support/until.ts';

describe.concurrent('Sentinels', { timeout: 160_000 }, () => {
  it('lead to the primary, and after a failover to the new one', async ({ onTestFinished }) => {
    const group = await startSentinelGroup('hunter2');
    onTestFinished(() => group.stop());
    const redis = connectRedis(group.url, 'commands');
    onTestFinished(() => redis.disconnect());
    const twin = duplicateRedis(redis, { again: true });
    onTestFinished(() => twin.disconnect());
    expect(await checkRedis(redis)).toEqual([]);
    await redis.set('before', 'yes');
    await twin.ping();
    await group.inSync();
    await group.failOver();
    expect(await redis.set('after', 'yes')).toBe('OK');
    expect(await twin.get('after')).toBe('yes');
    const here = await tell(group.replica.port, (admin) => admin.mget('before', 'after'), 'hunter2');
    expect(here).toEqual(['yes', 'yes']);
  });

  it('that are all away fail a call at the door, which is not made later', async ({ onTestFinished }) => {
    const port = await testPort();
    const heard: string[] = [];
    const redis = connectRedis(`redis+sentinel://:hunter2@127.0.0.1:${port}/mymaster`, 'interactive', ({ message }) => heard.push(message));
    onTestFinished(() => redis.disconnect());
    const started = performance.now();
    await expect(withinDeadline(redis.set('a', 1))).rejects.toThrow('Redis is not available');
    expect(performance.now() - started).toBeLessThan(2000);
    expect(heard[0]).toContain('All sentinels are unreachable');
    expect(heard.join()).not.toContain('hunter2');
  });
});

describe.concurrent('a cluster', { timeout: 160_000 }, () => {
  it('is followed when keys move to another node, and its door fails while it is away', async ({ onTestFinished }) => {
    const cluster = await startRedisCluster(2);
    onTestFinished(() => cluster.stop());
    const [one, two] = cluster.nodes as [RedisServer, RedisServer];
    const redis = connectRedis(cluster.url, 'commands');
    onTestFinished(() => redis.disconnect());
    const door = connectRedis(cluster.url, 'interactive');
    onTestFinished(() => door.disconnect());
    expect(isCluster(redis)).toBe(true);
    expect(await checkRedis(redis)).toEqual([]);

    const both = scriptOf("redis.call('SET', keys.one, args.value) return redis.call('GET', keys.other)", {
      keys: ['one', 'other'],
      args: { value: 'string' },
      reply: String,
    });
    const names = { one: '{sms}:a', other: '{sms}:a' };
    expect(await both(redis, { keys: names, args: { value: 'x' } })).toBe('x');
    expect(await door.pipeline().get('{sms}:a').get('{sms}:a').exec()).toEqual([
      [null, 'x'],
      [null, 'x'],
    ]);

    const slot = Number(await tell(one.port, (admin) => admin.cluster('KEYSLOT', '{sms}:a')));
    const id = (server: RedisServer) => tell(server.port, (admin) => admin.call('CLUSTER', 'MYID') as Promise<string>);
    const holds = async (server: RedisServer) => (await tell(server.port, (admin) => admin.dbsize())) > 0;
    const [from, to] = (await holds(one)) ? [one, two] : [two, one];
    await tell(from.port, (admin) => admin.flushall());
    const target = await id(to);
    for (const server of [to, from]) await tell(server.port, (admin) => admin.call('CLUSTER', 'SETSLOT', slot, 'NODE', target));
    expect(await both(redis, { keys: names, args: { value: 'moved' } })).toBe('moved');
    expect(await holds(to)).toBe(true);

    await to.kill();
    await expect(withinDeadline(door.set('{sms}:b', 1))).rejects.toThrow('Redis is not available');
    const waiting = until(() => redis.set('{sms}:c', 1).catch(() => undefined), 20_000);
    await to.restart();
    expect(await waiting).toBe('OK');
    expect(await until(() => door.exists('{sms}:c', '{sms}:b').catch(() => undefined), 20_000)).toBe(1);

    const alone = connectRedis(one.url, 'interactive');
    onTestFinished(() => alone.disconnect());
    expect(await checkRedis(alone)).toMatchObject([{ level: 'fault', problem: expect.stringContaining('a node of a cluster') }]);
  });
});
