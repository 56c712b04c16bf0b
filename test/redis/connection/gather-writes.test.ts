import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { connectRedis } from '../../../src/redis/connect.ts';
import { type RedisServer, startRedisServer } from '../../support/redis-server.ts';
import { until } from '../../support/until.ts';

let server: RedisServer;
beforeAll(async () => {
  // Its own: it counts what it reads, so nobody else may talk to it.
  server = await startRedisServer();
});
afterAll(() => server.stop());

async function open(): Promise<Redis> {
  const redis = connectRedis(server.url, 'commands') as Redis;
  onTestFinished(() => redis.disconnect());
  await redis.ping();
  return redis;
}

/** How often the server has read from a socket: once a packet, as long as none is bigger than its buffer of 16 KiB. */
async function reads(redis: Redis): Promise<number> {
  return Number(/total_reads_processed:(\d+)/.exec(await redis.info('stats'))?.[1]);
}

/** Packets that `work` has sent, that of the second question left out. */
async function packets(redis: Redis, work: () => Promise<unknown>): Promise<number> {
  const before = await reads(redis);
  await work();
  return (await reads(redis)) - before - 1;
}

/** So many that a server reads some of them before the last is written, when each is written by itself. */
const MANY = 300;
const many = (redis: Redis) => Promise.all(Array.from({ length: MANY }, () => redis.incr('n')));

describe('commands of one turn', () => {
  it('leave in one packet', async () => {
    const redis = await open();
    expect(await packets(redis, () => many(redis))).toBe(1);
  });

  it('leave with that turn, not with a later one', async () => {
    const redis = await open();
    expect(
      await packets(redis, async () => {
        const answers = [many(redis)];
        await answers[0];
        answers.push(many(redis));
        await Promise.all(answers);
      }),
    ).toBe(2);
  });

  it('leave in one packet when they wait for answers of the same turn', async () => {
    const redis = await open();
    // The answers come together, and so each chain takes its next step in the same turn.
    const chain = async (index: number) => {
      await redis.get(`chain-${index}`);
      await redis.get(`chain-${index}`);
    };
    expect(await packets(redis, () => Promise.all(Array.from({ length: 20 }, (_, index) => chain(index))))).toBe(2);
  });

  it('leave in one packet on a connection that came back, and on a duplicate', async () => {
    const redis = await open();
    const duplicate = redis.duplicate();
    onTestFinished(() => duplicate.disconnect());
    await duplicate.ping();
    expect(await packets(duplicate, () => many(duplicate))).toBe(1);

    for (let round = 0; round < 3; round += 1) {
      const back = once(redis, 'ready');
      await duplicate.client('KILL', 'ID', await redis.client('ID'));
      await back;
      expect(await packets(redis, () => many(redis))).toBe(1);
    }
  });

  it('keep their order and their answers, whatever they are', async () => {
    const redis = await open();
    const expected: unknown[] = [];
    const answers: Promise<unknown>[] = [];
    await redis.del('list');
    for (let index = 0; index < 200; index += 1) {
      answers.push(redis.rpush('list', `v${index}`));
      expected.push(index + 1);
      if (index % 7 === 0) {
        answers.push(redis.echo(`e${index}`));
        expected.push(`e${index}`);
      }
      if (index % 11 === 0) {
        answers.push(redis.pipeline().llen('list').lindex('list', -1).exec());
        expected.push([
          [null, index + 1],
          [null, `v${index}`],
        ]);
      }
      if (index % 13 === 0) {
        answers.push(redis.multi().llen('list').echo('m').exec());
        expected.push([
          [null, index + 1],
          [null, 'm'],
        ]);
      }
      if (index % 17 === 0) {
        answers.push(redis.eval('return {KEYS[1], redis.call("LLEN", KEYS[1])}', 1, 'list'));
        expected.push(['list', index + 1]);
      }
      if (index % 50 === 0) await turn();
    }
    expect(await Promise.all(answers)).toEqual(expected);
  });
});

it('a command that fails among others fails alone', async () => {
  const redis = await open();
  await redis.set('text', 'x');
  const outcomes = await Promise.allSettled([redis.incr('fails-alone'), redis.lpush('text', '1'), redis.incr('fails-alone')]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

it('blocking reads are answered, and answers come while others wait', async () => {
  const [blocked, redis] = [await open(), await open()];
  const waiting = blocked.blpop('box', 10);
  const after = blocked.echo('after');
  await until(async () => /blocked_clients:1\r/.test(await redis.info('clients')));
  await redis.rpush('box', 'letter');
  expect([await waiting, await after]).toEqual([['box', 'letter'], 'after']);
});

it('subscribers receive published messages, in order, before and after a lost connection', async () => {
  const [subscriber, redis] = [await open(), await open()];
  const heard: string[] = [];
  subscriber.on('message', (_, message: string) => heard.push(message));
  const id = await subscriber.client('ID');
  await subscriber.subscribe('news');
  const say = (words: readonly string[]) => Promise.all(words.map((word) => redis.publish('news', word)));
  await say(['a', 'b', 'c']);
  await until(() => heard.length === 3);
  await redis.client('KILL', 'ID', id);
  await until(async () => (await redis.pubsub('NUMSUB', 'news'))[1] === 1);
  await say(['d', 'e']);
  await until(() => heard.length === 5);
  expect(heard.join('')).toBe('abcde');
});

it('payloads far bigger than any buffer arrive whole, among small ones, while the server is slow to read', async () => {
  const redis = await open();
  const payloads = Array.from({ length: 12 }, (_, index) => randomBytes(index % 2 === 0 ? 4_000_000 : 10));
  server.process.kill('SIGSTOP');
  const written = payloads.map((payload, index) => redis.set(`big-${index}`, payload));
  await turn();
  // The system takes no more, and the rest waits here.
  expect(redis.stream.writableLength).toBeGreaterThan(1_000_000);
  const more = redis.echo('more');
  server.process.kill('SIGCONT');
  expect(new Set(await Promise.all(written))).toEqual(new Set(['OK']));
  expect(await more).toBe('more');
  const read = await Promise.all(payloads.map((_, index) => redis.getBuffer(`big-${index}`)));
  expect(read.every((value, index) => value?.equals(payloads[index] as Buffer))).toBe(true);
  expect(redis.stream.writableLength).toBe(0);
});

it('calls that were gathered when the connection was lost are sent again by a connection that waits', async () => {
  const redis = await open();
  await redis.set('n', '0');
  const calls = Array.from({ length: 50 }, (_, index) => redis.set(`again-${index}`, 'x'));
  redis.stream.destroy();
  expect(new Set(await Promise.all(calls))).toEqual(new Set(['OK']));
});
