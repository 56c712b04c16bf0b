import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createRateCap } from '../../../src/limit/caps/bottleneck-cap.ts';
import { limiterKeys } from '../../../src/limit/caps/bottleneck-lua.ts';
import type { CapRule } from '../../../src/limit/caps/rate-cap.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { testRedis } from '../../support/redis.ts';
import { startRedisServer } from '../../support/redis-server.ts';
import { until } from '../../support/until.ts';
import { mostInAnyWindow } from '../support/cap-model.ts';
import type { Report, Task } from '../support/cap-process.ts';
import { settleSlot } from '../support/settle-slot.ts';

const { redis, url, prefix } = testRedis();
const HOUR_MS = 3_600_000;
const PROGRAM = new URL('../../../dist/test/limit/support/cap-process.js', import.meta.url).pathname;
const children: ChildProcess[] = [];
// Processes take their time to start on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function startProcess(task: Task): Promise<{ child: ChildProcess; report: Promise<Report> }> {
  const child = fork(PROGRAM, { execArgv: [] });
  children.push(child);
  await once(child, 'spawn');
  const report = once(child, 'message').then(([message]) => message as Report);
  child.send(task);
  return { child, report };
}

const recipient = (phone: string, max: number, windowMs = HOUR_MS): CapRule => ({
  key: `r:${phone}`,
  reason: 'rate_cap_recipient',
  max,
  windowMs,
  reserve: 0,
  weight: 1,
});
const hour = (max: number, reserve: number): CapRule => ({
  key: 'hour',
  reason: 'rate_cap_hour',
  max,
  windowMs: HOUR_MS,
  reserve,
  weight: 1,
});

async function race(tasks: readonly Task[]): Promise<Report> {
  const reports = await Promise.all(tasks.map(async (task) => (await startProcess(task)).report));
  return { granted: reports.flatMap(({ granted }) => granted), refused: reports.reduce((sum, { refused }) => sum + refused, 0) };
}

describe('Four concurrent processes', () => {
  test('pass exactly five messages to one phone', async () => {
    const task = (worker: number): Task => ({
      url,
      prefix: `${prefix}:one`,
      texts: Array.from({ length: 100 }, (_, i) => ({ slot: `${worker}-${i}`, rules: [recipient('abc', 5), hour(100, 0)] })),
    });
    const { granted, refused } = await race([0, 1, 2, 3].map(task));
    expect(granted).toHaveLength(5);
    expect(refused).toBe(395);
  });

  test('get exactly the hour’s cap through to many phones, five to each, and the reserve only for criticals', async () => {
    const phones = Array.from({ length: 20 }, (_, i) => `phone-${i}`);
    const task =
      (reserve: number) =>
      (worker: number): Task => ({
        url,
        prefix: `${prefix}:many`,
        texts: Array.from({ length: 100 }, (_, i) => {
          const phone = phones[i % phones.length] as string;
          return { slot: `${reserve}-${worker}-${i}-${phone}`, rules: [recipient(phone, 5), hour(70, reserve)] };
        }),
      });
    const common = await race([0, 1, 2, 3].map(task(20)));
    expect(common.granted).toHaveLength(50);
    const critical = await race([0, 1, 2, 3].map(task(0)));
    expect(critical.granted).toHaveLength(20);
    for (const phone of phones) {
      const toPhone = [...common.granted, ...critical.granted].filter(({ slot }) => slot.endsWith(`-${phone}`));
      expect(toPhone.length).toBeLessThanOrEqual(5);
    }
  });

  test('never put more into any window of real time than the cap, and leave none unused', async () => {
    const windowMs = 250;
    const task = (worker: number): Task => ({
      url,
      prefix: `${prefix}:slide`,
      texts: [{ slot: `w${worker}`, rules: [recipient('abc', 5, windowMs)] }],
      forMs: 2000,
    });
    const { granted } = await race([0, 1, 2, 3].map(task));
    expect(
      mostInAnyWindow(
        granted.map((hit) => ({ ...hit, weight: 1 })),
        windowMs,
      ),
    ).toBe(5);
    // 2000 ms hold 8 windows; settling costs a few ms of each, more on a busy machine.
    expect(granted.length).toBeGreaterThanOrEqual(25);
  });
});

test('What a process held that was killed counts on', async () => {
  const keys = createKeys(`${prefix}:killed`);
  const rules = [recipient('abc', 5), hour(100, 20)];
  const { child, report } = await startProcess({
    url,
    prefix: keys.prefix,
    texts: ['a', 'b', 'c', 'd', 'e'].map((slot) => ({ slot, rules })),
  });
  expect((await report).granted).toHaveLength(5);
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
  const cap = createRateCap({ redis, keys });
  expect(await cap.reserve('f', rules)).toMatchObject({ kind: 'full', reason: 'rate_cap_recipient' });
  expect(await cap.reserve('a', rules)).toEqual({ kind: 'held', fresh: false });
});

describe('A Redis', () => {
  async function ownRedis(args: readonly string[] = []) {
    const server = await startRedisServer(args);
    const client = new Redis(server.url);
    client.on('error', () => undefined);
    onTestFinished(async () => {
      client.disconnect();
      await server.stop();
    });
    const keys = createKeys('{sms}');
    return { server, client, keys, cap: createRateCap({ redis: client, keys }) };
  }
  const rules = [recipient('abc', 2), hour(100, 20)];

  test('that is killed and comes back keeps the count and the moment of room', async () => {
    const { server, cap } = await ownRedis();
    await cap.reserve('a', rules);
    await cap.reserve('b', rules);
    const before = await cap.reserve('c', rules);
    await server.kill();
    const during = cap.reserve('d', rules);
    await server.restart();
    const after = await during;
    if (before.kind !== 'full' || after.kind !== 'full') throw new Error(`held: ${JSON.stringify([before, after])}`);
    expect(Math.abs(after.retryAt.getTime() - before.retryAt.getTime())).toBeLessThan(50);
    expect(await cap.reserve('a', rules)).toEqual({ kind: 'held', fresh: false });
  });

  test('that loses everything, scripts too, starts from the beginning without an error', async () => {
    const { client, cap } = await ownRedis();
    await cap.reserve('a', rules);
    await cap.reserve('b', rules);
    await client.flushall();
    await client.script('FLUSH');
    await settleSlot(client, cap, 'a', rules);
    await client.script('FLUSH');
    await cap.release('b', rules);
    expect(await cap.reserve('c', rules)).toEqual({ kind: 'held', fresh: true });
    expect((await cap.reserve('d', rules)).kind).toBe('full');
  });

  test('that is a Cluster finds all keys of a text in one slot', async () => {
    const { client, keys, cap } = await ownRedis(['--cluster-enabled', 'yes']);
    await client.cluster('ADDSLOTSRANGE', 0, 16383);
    await until(async () => (await client.cluster('INFO')).includes('cluster_state:ok'));
    expect(await cap.reserve('a', rules)).toEqual({ kind: 'held', fresh: true });
    await settleSlot(client, cap, 'a', rules);
    await cap.release('a', rules);
    const slots = await Promise.all(
      rules.flatMap(({ key }) => limiterKeys(keys.limiter(key))).map((key) => client.cluster('KEYSLOT', key)),
    );
    expect(new Set(slots).size).toBe(1);
  });
});
