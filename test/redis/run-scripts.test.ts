import { describe, expect, it, test } from 'vitest';
import { connectRedis } from '../../src/redis/connect.ts';
import { noReply, stringList, stringOrNone } from '../../src/redis/define-script.ts';
import { runChain } from '../../src/redis/run-scripts.ts';
import { scriptOf } from '../support/lua-script.ts';
import { testRedis } from '../support/redis.ts';
import { startRedisServer } from '../support/redis-server.ts';

const { redis, prefix } = testRedis();
const key = (name: string) => `${prefix}:chain:${name}`;

const take = scriptOf(
  `if redis.call('EXISTS', keys.slot) == 1 then return 'full' end
redis.call('SET', keys.slot, args.owner)
return { 'held', args.owner }`,
  { keys: ['slot'], args: { owner: 'string' }, reply: { held: { owner: 'string' }, full: {} } },
);
const read = scriptOf(`return redis.call('GET', keys.slot)`, { keys: ['slot'], reply: stringOrNone });
const list = scriptOf(
  `local found = {}
for n, name in ipairs(keys.names) do found[n] = name .. args.suffixes[n] end
return found`,
  { keys: ['...names'], args: { suffixes: 'strings' }, reply: stringList },
);
const fail = scriptOf(`redis.call('SET', keys.slot, 'x') redis.call('LPUSH', keys.slot, 'y') return 'never'`, {
  keys: ['slot'],
  reply: ['never'],
});
const nothing = scriptOf(`redis.call('SET', keys.slot, 'done')`, { keys: ['slot'], reply: noReply });

describe('several scripts as one call', () => {
  it('each gets its own keys and arguments, and its reply comes back parsed', async () => {
    const slot = key('own');
    const replies = await runChain(redis, [
      { step: take.step({ keys: { slot }, args: { owner: 'a' } }) },
      { step: list.step({ keys: { names: ['x', 'y'] }, args: { suffixes: ['1', '2'] } }) },
      { step: read.step({ keys: { slot } }) },
    ]);
    expect(replies).toEqual([{ kind: 'held', owner: 'a' }, ['x1', 'y2'], 'a']);
  });

  it('a reply of nothing is no skipped step, and ends no list of replies', async () => {
    const replies = await runChain(redis, [
      { step: read.step({ keys: { slot: key('absent') } }) },
      { step: nothing.step({ keys: { slot: key('set') } }) },
      { step: read.step({ keys: { slot: key('set') } }) },
    ]);
    expect(replies).toEqual([undefined, undefined, 'done']);
  });

  it('are one script to Redis, whose source is sent once', async () => {
    // Its own: the calls of other tests to the shared one are counted there too.
    const server = await startRedisServer();
    const redis = connectRedis(server.url, 'commands');
    const calls = async () => Number(/^cmdstat_evalsha:calls=(\d+)/m.exec(await redis.info('commandstats'))?.[1] ?? 0);
    const links = () =>
      [{ step: read.step({ keys: { slot: key('none') } }) }, { step: read.step({ keys: { slot: key('none') } }) }] as const;
    await runChain(redis, links());
    const before = await calls();
    await runChain(redis, links());
    expect((await calls()) - before).toBe(1);
    redis.disconnect();
    await server.stop();
  });
});

describe('a step that waits for a word', () => {
  it.each([
    ['a list that begins with the word', undefined, ['held', 'b']],
    ['another word', 'someone', ['full', undefined]],
  ] as const)('runs or is left out after %s', async (_, before, expected) => {
    const slot = key(`word-${before ?? 'free'}`);
    if (before !== undefined) await redis.set(slot, before);
    const [taken, seen] = await runChain(redis, [
      { step: take.step({ keys: { slot }, args: { owner: 'b' } }) },
      { step: read.step({ keys: { slot } }), after: 'held' },
    ]);
    expect([taken?.kind, seen]).toEqual(expected);
  });

  it('is left out after one that was left out', async () => {
    const slot = key('twice');
    await redis.set(slot, 'someone');
    const replies = await runChain(redis, [
      { step: take.step({ keys: { slot }, args: { owner: 'c' } }) },
      { step: take.step({ keys: { slot: key('free') }, args: { owner: 'c' } }), after: 'held' },
      { step: nothing.step({ keys: { slot: key('last') } }), after: 'held' },
    ]);
    expect([replies, await redis.exists(key('free'), key('last'))]).toEqual([[{ kind: 'full' }, undefined, undefined], 0]);
  });
});

test('the error of a step rejects with its words; steps before it have run, and those that wait for it have not', async () => {
  const chain = runChain(redis, [
    { step: nothing.step({ keys: { slot: key('before') } }) },
    { step: fail.step({ keys: { slot: key('fails') } }) },
    { step: nothing.step({ keys: { slot: key('after') } }), after: 'never' },
  ]);
  await expect(chain).rejects.toThrow(/WRONGTYPE/);
  expect([await redis.get(key('before')), await redis.get(key('after'))]).toEqual(['done', null]);
});
