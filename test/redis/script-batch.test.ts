import { describe, expect, it, type TestContext } from 'vitest';
import { connectRedis, type Redis } from '../../src/redis/connect.ts';
import { noReply, stringOrNone } from '../../src/redis/define-script.ts';
import { batchFault } from '../../src/redis/fitness/batch-fault.ts';
import { runChain } from '../../src/redis/run-scripts.ts';
import { batchScripts } from '../../src/redis/script-batch.ts';
import { scriptOf } from '../support/lua-script.ts';
import { testRedis } from '../support/redis.ts';
import { tell } from '../support/redis-groups.ts';
import { startRedisServer } from '../support/redis-server.ts';

const { url, prefix } = testRedis();

const set = scriptOf("redis.call('SET', keys.at, args.value) return redis.call('INCR', keys.count)", {
  keys: ['at', 'count'],
  args: { value: 'string' },
  reply: Number,
  batched: true,
});
const get = scriptOf("return redis.call('GET', keys.at)", { keys: ['at'], reply: stringOrNone, batched: true });
const push = scriptOf("redis.call('LPUSH', keys.at, 'x')", { keys: ['at'], reply: noReply, batched: true });
const crash = scriptOf('return nothing.here', { keys: ['at'], reply: noReply, batched: true });
const rare = scriptOf("return redis.call('GET', keys.at)", { keys: ['at'], reply: stringOrNone });

function open(t: TestContext, at = url, errors: Error[] = []): Redis {
  const redis = connectRedis(at, 'commands');
  t.onTestFinished(() => redis.disconnect());
  batchScripts(redis, `${prefix}:batch:place`, (error) => errors.push(error));
  return redis;
}

const key = (name: string) => `${prefix}:batch:${name}`;

async function scriptCalls(redis: Redis): Promise<number> {
  const stats = await redis.info('commandstats');
  return [...stats.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)].reduce((sum, [, calls]) => sum + Number(calls), 0);
}

describe('calls of one turn of the event loop', () => {
  it('are a call to Redis for each 32, and each gets its own reply', async (t) => {
    const server = await startRedisServer();
    t.onTestFinished(() => server.stop());
    const redis = open(t, server.url);
    await get(redis, { keys: { at: key('warm') } });
    const before = await scriptCalls(redis);
    const names = Array.from({ length: 100 }, (_, index) => `n${index}`);
    await Promise.all(names.map((name) => set(redis, { keys: { at: key(name), count: key('count') }, args: { value: name } })));
    const read = await Promise.all(names.map((name) => get(redis, { keys: { at: key(name) } })));
    expect(read).toEqual(names);
    expect((await scriptCalls(redis)) - before).toBe(8);
    expect(await redis.get(key('count'))).toBe('100');
  });

  it('fail one by one, with the words that they would have alone', async (t) => {
    const redis = open(t);
    const at = key('text');
    await redis.set(at, 'x');
    const calls = [
      get(redis, { keys: { at } }),
      push(redis, { keys: { at } }),
      crash(redis, { keys: { at } }),
      get(redis, { keys: { at } }),
    ];
    const [first, wrong, crashed, last] = await Promise.allSettled(calls);
    expect([first, last]).toEqual(Array(2).fill({ status: 'fulfilled', value: 'x' }));
    expect((wrong as PromiseRejectedResult).reason.message).toMatch(/^WRONGTYPE /);
    expect((crashed as PromiseRejectedResult).reason.message).toMatch(/^ERR .*global variable 'nothing'/);
  });

  it('keep the order in which they were made, beside one that is sent alone', async (t) => {
    const redis = open(t);
    const at = key('order');
    const replies = await Promise.all([
      set(redis, { keys: { at, count: key('order-count') }, args: { value: 'a' } }),
      get(redis, { keys: { at } }),
      set(redis, { keys: { at, count: key('order-count') }, args: { value: 'b' } }),
      get(redis, { keys: { at } }),
    ]);
    expect(replies).toEqual([1, 'a', 2, 'b']);
    expect(await rare(redis, { keys: { at } })).toBe('b');
  });

  it('include chains, whose steps run without another call between them', async (t) => {
    const redis = open(t);
    const chain = (name: string) =>
      runChain(redis, [
        { step: set.step({ keys: { at: key('shared'), count: key('chain-count') }, args: { value: name } }) },
        { step: get.step({ keys: { at: key('shared') } }) },
        { step: get.step({ keys: { at: key('shared') } }), after: 'never' },
      ]);
    expect(await Promise.all([chain('x'), chain('y')])).toEqual([
      [1, 'x', undefined],
      [2, 'y', undefined],
    ]);
  });

  it('come again with their source after Redis has forgotten it', async (t) => {
    const redis = open(t);
    const at = key('forgotten');
    await redis.set(at, 'kept');
    await get(redis, { keys: { at } });
    await redis.script('FLUSH');
    expect(await Promise.all([get(redis, { keys: { at } }), get(redis, { keys: { at } })])).toEqual(['kept', 'kept']);
  });
});

describe('the state of the server', () => {
  it('a full Redis fails each call that writes, and is reported', async (t) => {
    const server = await startRedisServer();
    t.onTestFinished(() => server.stop());
    const errors: Error[] = [];
    const redis = open(t, server.url, errors);
    await redis.set(key('there'), 'x');
    await tell(server.port, (admin) => admin.config('SET', 'maxmemory', '1'));
    const [read, written] = await Promise.allSettled([
      get(redis, { keys: { at: key('there') } }),
      set(redis, { keys: { at: key('new'), count: key('n') }, args: { value: 'v' } }),
    ]);
    expect(read).toEqual({ status: 'fulfilled', value: 'x' });
    expect((written as PromiseRejectedResult).reason.message).toMatch(/^OOM /);
    expect(errors.map(({ message }) => message.split(' ')[0])).toEqual(['OOM']);
  });

  it('calls that find a replica are made again, and succeed once it is the primary', async (t) => {
    const [server, other] = await Promise.all([startRedisServer(), startRedisServer()]);
    t.onTestFinished(async () => void (await Promise.all([server.stop(), other.stop()])));
    const redis = open(t, server.url);
    await tell(server.port, (admin) => admin.replicaof('127.0.0.1', String(other.port)));
    let promoted = false;
    redis.once('reconnecting', () => {
      promoted = true;
      void tell(server.port, (admin) => admin.replicaof('NO', 'ONE'));
    });
    const call = () => set(redis, { keys: { at: key('r'), count: key('r-count') }, args: { value: 'v' } });
    expect((await Promise.all([call(), call()])).every((count) => count >= 1)).toBe(true);
    expect(promoted).toBe(true);
  });
});

it('a server that lets scripts reach undeclared keys has no fault, and the error of another one is returned', async (t) => {
  const server = await startRedisServer();
  t.onTestFinished(() => server.stop());
  const redis = connectRedis(server.url, 'interactive');
  t.onTestFinished(() => redis.disconnect());
  expect(await batchFault(redis, 'any')).toBeUndefined();
  await tell(server.port, (admin) => admin.call('ACL', 'SETUSER', 'default', 'resetkeys', '~sms:*'));
  expect((await batchFault(redis, 'other'))?.message).toContain('keys');
});
