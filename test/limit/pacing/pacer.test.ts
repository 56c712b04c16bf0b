import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { limiterKeys } from '../../../src/limit/caps/bottleneck-lua.ts';
import { createPacer, type Pacer, type PacerOptions } from '../../../src/limit/pacing/pacer.ts';
import { connectRedis } from '../../../src/redis/connect.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { RedisUnavailableError } from '../../../src/redis/unavailable.ts';
import { testRedis } from '../../support/redis.ts';
import { startRedisServer } from '../../support/redis-server.ts';
import { until } from '../../support/until.ts';

const { redis, url, prefix } = testRedis();
const never = new AbortController().signal;
setMaxListeners(0, never);
// Processes and servers take their time to start on a busy machine.
vi.setConfig({ testTimeout: 60_000 });
type Limits = Omit<Partial<PacerOptions>, 'redis' | 'keys'>;

/** Replicas, each with a client of its own, of one provider that no other test knows. */
function setup(at = url) {
  const keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  const replica = (limits: Limits): Pacer => {
    const client = connectRedis(at, 'commands');
    const pacer = createPacer({ redis: client, keys, provider: 'desk', timeoutMs: 5000, ...limits });
    onTestFinished(async () => {
      await pacer.close();
      client.disconnect();
    });
    return pacer;
  };
  return { keys, limiterId: keys.limiter('pace:desk'), replica };
}

/** A job that runs until it is told to end. */
function openJob() {
  const controller = new AbortController();
  const ended = once(controller.signal, 'abort');
  const state = { started: false };
  const job = async () => {
    state.started = true;
    await ended;
  };
  return { state, job, end: () => controller.abort() };
}

describe('maxConcurrent', () => {
  test('holds over all replicas, and everyone gets a turn', async () => {
    const { replica } = setup();
    const replicas = [replica({ maxConcurrent: 3 }), replica({ maxConcurrent: 3 })];
    let running = 0;
    let most = 0;
    const job = async () => {
      running += 1;
      most = Math.max(most, running);
      await pause(10);
      running -= 1;
    };
    await Promise.all(Array.from({ length: 60 }, (_, i) => (replicas[i % 2] as Pacer).run(never, job)));
    expect(most).toBe(3);
  });

  test('gives the job’s answer back, or its error, and the slot in both cases', async () => {
    const pacer = setup().replica({ maxConcurrent: 1 });
    expect(await pacer.run(never, async () => 'answer')).toBe('answer');
    const rejected = pacer.run(never, async () => {
      throw new Error('refused');
    });
    await expect(rejected).rejects.toThrow('refused');
    const thrown = pacer.run(never, () => {
      throw new Error('a bug');
    });
    await expect(thrown).rejects.toThrow('a bug');
    expect(await pacer.run(never, async () => 'next')).toBe('next');
  });
});

test('An urgent job goes before all that are not, in the order in which they came', async () => {
  const pacer = setup().replica({ maxConcurrent: 1 });
  const first = openJob();
  const done: string[] = [];
  const running = pacer.run(never, first.job);
  await until(() => first.state.started);
  const named = (name: string, urgent?: boolean) => pacer.run(never, async () => void done.push(name), urgent);
  const all = [named('a'), named('b', false), named('c', true), named('d'), named('e', true)];
  first.end();
  await Promise.all([running, ...all]);
  expect(done).toEqual(['c', 'e', 'a', 'b', 'd']);
});

test('An urgent job that is given up leaves its place to the next', async () => {
  const pacer = setup().replica({ maxConcurrent: 1 });
  const first = openJob();
  const running = pacer.run(never, first.job);
  await until(() => first.state.started);
  const controller = new AbortController();
  const givenUp = pacer.run(controller.signal, async () => 'never', true);
  const next = pacer.run(never, async () => 'next');
  controller.abort(new Error('too late'));
  await expect(givenUp).rejects.toThrow('too late');
  first.end();
  expect(await Promise.all([running, next])).toEqual([undefined, 'next']);
});

test('A job that takes longer than it should is not cut short; only its slot is', async () => {
  const pacer = setup().replica({ maxConcurrent: 1, timeoutMs: 50, marginMs: 50 });
  const slow = openJob();
  const running = pacer.run(never, async () => {
    await slow.job();
    return 'whole';
  });
  await until(() => slow.state.started);
  expect(await pacer.run(never, async () => 'meanwhile')).toBe('meanwhile');
  slow.end();
  expect(await running).toBe('whole');
});

describe('maxPerSecond', () => {
  /** The most starts within a second, wherever it begins. */
  const busiestSecond = (starts: readonly number[]) =>
    Math.max(...starts.map((from) => starts.filter((at) => at >= from && at < from + 1000).length));

  test('spaces the starts evenly over all replicas', async () => {
    const { replica } = setup();
    const replicas = [replica({ maxPerSecond: 25 }), replica({ maxPerSecond: 25 })];
    const starts: number[] = [];
    const job = async () => {
      starts.push(performance.now());
    };
    const begin = performance.now();
    await Promise.all(Array.from({ length: 50 }, (_, i) => (replicas[i % 2] as Pacer).run(never, job)));
    expect(starts).toHaveLength(50);
    expect(Math.max(...starts) - begin).toBeGreaterThan(49 * 40);
    // A busy machine fires timers late, and those of a while together.
    expect(busiestSecond(starts)).toBeLessThanOrEqual(35);
  });

  test('does not mind a clock that jumps', async () => {
    const pacer = setup().replica({ maxPerSecond: 50 });
    await pacer.run(never, async () => undefined);
    const now = Date.now;
    let jump = 0;
    const spy = vi.spyOn(Date, 'now').mockImplementation(() => {
      jump += 1;
      return now() + (jump % 2 === 0 ? 3_600_000 : -3_600_000);
    });
    onTestFinished(() => spy.mockRestore());
    const begin = performance.now();
    await Promise.all(Array.from({ length: 20 }, () => pacer.run(never, async () => undefined)));
    expect(performance.now() - begin).toBeGreaterThan(350);
    expect(performance.now() - begin).toBeLessThan(3000);
    expect(jump).toBeGreaterThan(0);
  });

  test('gives a replica with one message a turn between those of a busy one', async () => {
    const { replica } = setup();
    const [busy, quiet] = [replica({ maxPerSecond: 20 }), replica({ maxPerSecond: 20 })];
    await quiet.run(never, async () => undefined);
    let done = 0;
    const job = async () => {
      done += 1;
    };
    const many = Promise.all(Array.from({ length: 60 }, () => busy.run(never, job)));
    await until(() => done >= 8);
    await quiet.run(never, async () => undefined);
    // In 3 s the busy one would have sent them all.
    expect(done).toBeLessThan(30);
    await many;
  });

  test('together with maxConcurrent both hold', async () => {
    const pacer = setup().replica({ maxPerSecond: 20, maxConcurrent: 2 });
    let running = 0;
    let most = 0;
    const begin = performance.now();
    const job = async () => {
      running += 1;
      most = Math.max(most, running);
      await pause(80);
      running -= 1;
    };
    await Promise.all(Array.from({ length: 10 }, () => pacer.run(never, job)));
    expect(most).toBe(2);
    expect(performance.now() - begin).toBeGreaterThan(9 * 50);
  });
});

describe('A signal that aborts', () => {
  test('while waiting rejects immediately, and the job never starts', async () => {
    const pacer = setup().replica({ maxConcurrent: 1 });
    const first = openJob();
    const running = pacer.run(never, first.job);
    await until(() => first.state.started);
    const controller = new AbortController();
    const second = openJob();
    const waiting = pacer.run(controller.signal, second.job);
    controller.abort(new Error('too late'));
    await expect(waiting).rejects.toThrow('too late');
    first.end();
    await running;
    await pacer.run(never, async () => undefined);
    expect(second.state.started).toBe(false);
  });

  test('before the call rejects with its reason', async () => {
    const { replica } = setup();
    for (const pacer of [replica({ maxConcurrent: 1 }), replica({})]) {
      const job = openJob();
      await expect(pacer.run(AbortSignal.abort(new Error('gone')), job.job)).rejects.toThrow('gone');
      expect(job.state.started).toBe(false);
    }
  });

  test('wastes no turn: those still in line take it', async () => {
    const pacer = setup().replica({ maxPerSecond: 4 });
    await pacer.run(never, async () => undefined);
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    const given = Array.from({ length: 20 }, () => pacer.run(controller.signal, async () => undefined));
    const begin = performance.now();
    const kept = pacer.run(never, async () => performance.now());
    controller.abort(new Error('gave up'));
    await Promise.allSettled(given);
    // 21 turns would have taken 5 s.
    expect((await kept) - begin).toBeLessThan(1500);
  });

  test('does not touch a job that has begun', async () => {
    const pacer = setup().replica({ maxConcurrent: 1 });
    const controller = new AbortController();
    const job = openJob();
    const running = pacer.run(controller.signal, async () => {
      await job.job();
      return 'whole';
    });
    await until(() => job.state.started);
    controller.abort();
    job.end();
    expect(await running).toBe('whole');
  });
});

describe('A provider without limits', () => {
  test('has no limiter: nothing is sent to Redis, no socket opened', async () => {
    const { keys } = setup();
    const unusable = { duplicate: () => expect.fail('no connection is needed') } as unknown as PacerOptions['redis'];
    const pacer = createPacer({ redis: unusable, keys, provider: 'desk', timeoutMs: 1 });
    expect(await pacer.run(never, async () => 'at once')).toBe('at once');
    await pacer.close();
  });
});

describe('Settings', () => {
  test('of the replica that started last hold for all', async () => {
    const { replica } = setup();
    const old = replica({ maxConcurrent: 1 });
    const jobs = [openJob(), openJob(), openJob()];
    const running = jobs.map(({ job }) => old.run(never, job));
    await until(() => jobs.some(({ state }) => state.started));
    const begun = () => jobs.filter(({ state }) => state.started).length;
    expect(begun()).toBe(1);
    replica({ maxConcurrent: 2 });
    await until(() => begun() === 2);
    for (const { end } of jobs) end();
    await Promise.all(running);
  });

  test('that were taken out no longer hold', async () => {
    const { limiterId, replica } = setup();
    await replica({ maxConcurrent: 1, maxPerSecond: 1 }).run(never, async () => undefined);
    await replica({ maxConcurrent: 7 }).run(never, async () => undefined);
    const [settings] = limiterKeys(limiterId) as [string];
    expect(await redis.hmget(settings, 'maxConcurrent', 'minTime')).toEqual(['7', '0']);
    await replica({ maxPerSecond: 10 }).run(never, async () => undefined);
    expect(await redis.hmget(settings, 'maxConcurrent', 'minTime')).toEqual(['', '101']);
  });
});

describe('Lost data', () => {
  test('in Redis, all keys, costs no turn', async () => {
    const { limiterId, replica } = setup();
    const pacer = replica({ maxConcurrent: 1 });
    await pacer.run(never, async () => undefined);
    const held = openJob();
    const running = pacer.run(never, held.job);
    await until(() => held.state.started);
    expect(await redis.del(...limiterKeys(limiterId))).toBeGreaterThan(0);
    held.end();
    await running;
    expect(await pacer.run(never, async () => 'on it goes')).toBe('on it goes');
  });

  test('with a killed process comes back once its job must be over', async () => {
    const { keys, replica } = setup();
    const child = startProcess(url, keys.prefix, 60_000);
    expect(await once(child, 'message')).toEqual(['running', undefined]);
    const pacer = replica({ maxConcurrent: 1, timeoutMs: 200, marginMs: 300 });
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
    const waiting = openJob();
    const running = pacer.run(never, waiting.job);
    await pause(50);
    expect(waiting.state.started).toBe(false);
    await until(() => waiting.state.started);
    waiting.end();
    await running;
  });

  test('with Redis for a while is waited for, not refused', async () => {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    const { replica } = setup(server.url);
    const faults: Error[] = [];
    const pacer = replica({ maxConcurrent: 1, timeoutMs: 200, marginMs: 300, onError: (error) => faults.push(error) });
    await pacer.run(never, async () => undefined);
    await server.kill();
    const during = pacer.run(never, async () => 'after the outage');
    const controller = new AbortController();
    const impatient = pacer.run(controller.signal, async () => undefined);
    controller.abort(new Error('not that long'));
    await expect(impatient).rejects.toThrow('not that long');
    await until(() => faults.some((fault) => fault instanceof RedisUnavailableError));
    await server.restart();
    expect(await during).toBe('after the outage');
  });

  test('before it was ever there: a pacer made while Redis is down works once it is up', async () => {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    await server.kill();
    const pacer = setup(server.url).replica({ maxPerSecond: 100 });
    const early = pacer.run(never, async () => 'patience');
    await server.restart();
    expect(await early).toBe('patience');
  });
});

describe('close()', () => {
  test('rejects those who wait, frees the slots of those who run, and takes no more', async () => {
    const { replica } = setup();
    const pacer = replica({ maxConcurrent: 1 });
    const job = openJob();
    const running = pacer.run(never, job.job);
    await until(() => job.state.started);
    const waiting = pacer.run(never, async () => expect.fail('started'));
    const closing = pacer.close();
    await expect(waiting).rejects.toThrow('closed');
    job.end();
    await Promise.all([running, closing]);
    await expect(pacer.run(never, async () => undefined)).rejects.toThrow('closed');
    await pacer.close();
    expect(await replica({ maxConcurrent: 1 }).run(never, async () => 'free')).toBe('free');
  });

  test('ends the sockets with the last pacer of a client, which were two for all of them', async () => {
    const name = `paced-${randomUUID().slice(0, 8)}`;
    const client = connectRedis(url, 'commands') as Redis;
    onTestFinished(() => client.disconnect());
    client.options.connectionName = name;
    const sockets = async () => String(await redis.client('LIST')).split(`name=${name}`).length - 1;
    const keys = createKeys(`${prefix}:${name}`);
    const pacers = ['a', 'b', 'c'].map((provider) => createPacer({ redis: client, keys, provider, maxConcurrent: 1, timeoutMs: 1000 }));
    await Promise.all(pacers.map((pacer) => pacer.run(never, async () => undefined)));
    // The client's own is the third.
    expect(await sockets()).toBe(3);
    await Promise.all(pacers.slice(1).map((pacer) => pacer.close()));
    const channels = ['a', 'b', 'c'].map((provider) => keys.limiter(`pace:${provider}`));
    await until(async () => String(await redis.pubsub('NUMSUB', ...channels)) === String([channels[0], 1, channels[1], 0, channels[2], 0]));
    expect(await pacers[0]?.run(never, async () => 'still there')).toBe('still there');
    await pacers[0]?.close();
    await until(async () => (await sockets()) === 1);
  });

  test('leaves nothing behind that keeps the process alive', async () => {
    const { keys } = setup();
    const child = startProcess(url, keys.prefix, 1);
    const exit = once(child, 'exit');
    await once(child, 'disconnect');
    const begin = performance.now();
    expect(await exit).toEqual([0, null]);
    expect(performance.now() - begin).toBeLessThan(1500);
  });

  test('does not wait for an unreachable Redis', async () => {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    const pacer = setup(server.url).replica({ maxConcurrent: 1 });
    await pacer.run(never, async () => undefined);
    server.process.kill('SIGSTOP');
    const stuck = pacer.run(never, async () => undefined);
    const begin = performance.now();
    await Promise.all([expect(stuck).rejects.toThrow('closed'), pacer.close()]);
    expect(performance.now() - begin).toBeLessThan(4000);
  });
});

function startProcess(...args: [url: string, prefix: string, ms: number]): ChildProcess {
  const child = fork(new URL('../../../dist/test/limit/support/pacer-process.js', import.meta.url).pathname, args.map(String), {
    execArgv: [],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}
