import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { settleCapNames } from '../../src/limit/cap-names.ts';
import { createRateCap } from '../../src/limit/caps/bottleneck-cap.ts';
import { hourCounter, readHourUsage } from '../../src/limit/caps/cap-rules.ts';
import type { CapRule } from '../../src/limit/caps/rate-cap.ts';
import { createLogger } from '../../src/logger.ts';
import { createProcesses, type ProcessNote } from '../../src/overview/processes.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { followCapNames } from '../../src/roles/cap-names.ts';
import { testRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { settleSlot } from './support/settle-slot.ts';

const { redis, url, prefix } = testRedis();
const START = 1_700_000_000_000;
const WINDOW_MS = 1000;

/** A prefix of its own with the caps of this release and of an earlier one, which knows no other names than its own. */
async function setup({ running = true } = {}) {
  const keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  const clock = { now: START };
  const capOf = (own: typeof keys) => createRateCap({ redis, keys: own, leaseMs: 0, now: () => clock.now });
  if (running) await redis.xadd(keys.journal(), '*', 'line', '{}');
  return { keys, clock, current: capOf(keys), earlier: capOf(createKeys(`b_${keys.prefix}`)) };
}
type Setup = Awaited<ReturnType<typeof setup>>;

const rules: readonly CapRule[] = [
  { key: 'r:abc', reason: 'rate_cap_recipient', max: 3, windowMs: WINDOW_MS, reserve: 0, weight: 1 },
  { key: hourCounter(false), reason: 'rate_cap_hour', max: 100, windowMs: WINDOW_MS, reserve: 0, weight: 1 },
];
const earlierKeys = ({ keys }: Setup) => redis.keys(`b_${keys.prefix}*`);
const held = { kind: 'held', fresh: true };

describe('Counts of an earlier release', () => {
  test('still counts after an upgrade, and its keys move below the prefix when they are next used', async () => {
    const desk = await setup();
    for (const slot of ['a', 'b']) expect(await desk.earlier.reserve(slot, rules)).toEqual(held);
    await settleSlot(redis, desk.earlier, 'a', rules);
    expect(await settleCapNames(redis, desk.keys, false)).toBe('moving');
    expect(await readHourUsage(redis, desk.keys, false, START)).toBe(2);
    expect(await desk.current.reserve('b', rules)).toEqual({ kind: 'held', fresh: false });
    expect(await desk.current.reserve('c', rules)).toEqual(held);
    expect(await desk.current.reserve('d', rules)).toMatchObject({ kind: 'full', reason: 'rate_cap_recipient' });
    expect(await readHourUsage(redis, desk.keys, false, START)).toBe(3);
    expect(await earlierKeys(desk)).toEqual([]);
  });

  test.each(['settle', 'release'] as const)('is found by the first %s after an upgrade', async (move) => {
    const desk = await setup();
    await desk.earlier.reserve('a', rules);
    await settleCapNames(redis, desk.keys, false);
    if (move === 'settle') await settleSlot(redis, desk.current, 'a', rules);
    else await desk.current.release('a', rules);
    expect(await readHourUsage(redis, desk.keys, false, START)).toBe(move === 'settle' ? 1 : 0);
    expect(await earlierKeys(desk)).toEqual([]);
  });

  test('is shared while such a process runs, then moves; no window ever holds more than the cap', async () => {
    const moves = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: WINDOW_MS / 2 })), { minLength: 5, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(moves, fc.nat({ max: 30 }), async (steps, upgradedAt) => {
        const desk = await setup();
        expect(await settleCapNames(redis, desk.keys, true)).toBe('earlier');
        const sentAt: number[] = [];
        for (const [at, [byEarlier, afterMs]] of steps.entries()) {
          if (at === upgradedAt) await settleCapNames(redis, desk.keys, false);
          desk.clock.now += afterMs;
          const cap = byEarlier && at < upgradedAt ? desk.earlier : desk.current;
          const room = sentAt.filter((time) => time >= desk.clock.now - WINDOW_MS).length < 3;
          expect((await cap.reserve(`s-${at}`, rules)).kind).toBe(room ? 'held' : 'full');
          if (room) sentAt.push(desk.clock.now);
        }
      }),
      { numRuns: 25 },
    );
  });

  test('does not hold up a user of Redis who may use nothing but what is below the prefix', async () => {
    const desk = await setup();
    await settleCapNames(redis, desk.keys, false);
    const name = `u-${randomUUID().slice(0, 8)}`;
    await redis.acl('SETUSER', name, 'on', '>pw', `~${desk.keys.prefix}:*`, `&${desk.keys.prefix}:*`, '+@all');
    onTestFinished(async () => void (await redis.acl('DELUSER', name)));
    const narrow = connectRedis(url.replace('redis://', `redis://${name}:pw@`), 'interactive');
    onTestFinished(() => narrow.disconnect());
    const cap = createRateCap({ redis: narrow, keys: desk.keys });
    expect(await cap.reserve('a', rules)).toEqual(held);
    await cap.release('a', rules);
    expect(await readHourUsage(narrow, desk.keys)).toBe(0);
  });
});

describe('The names of caps', () => {
  test('are the current ones in a Redis that was never used, with any later finding', async () => {
    const desk = await setup({ running: false });
    expect(await settleCapNames(redis, desk.keys, false)).toBe('current');
    await desk.earlier.reserve('a', rules);
    expect(await settleCapNames(redis, desk.keys, true)).toBe('current');
    expect(await desk.current.reserve('a', rules)).toEqual(held);
  });

  test('stay shared until the last process of an earlier release has ended', async () => {
    const { keys } = await setup();
    const processes = createProcesses(redis, keys, 'earlier');
    const note: ProcessNote = { role: 'dispatcher', host: 'h', hash: '0', refusedAt: null };
    await processes.publish(note);
    await createProcesses(redis, keys, 'this').publish({ ...note, capNames: 'current' });
    const closers: (() => Promise<unknown>)[] = [];
    onTestFinished(async () => void (await closers[0]?.()));
    await followCapNames({ redis, keys, logger: createLogger('silent'), everyMs: 10 }, closers);
    expect(await redis.get(keys.capNames())).toBe('earlier');
    await processes.forget();
    await until(async () => (await redis.get(keys.capNames()))?.startsWith('moving '));
  });

  test('are looked for no longer than an earlier limiter can live', async () => {
    const { keys } = await setup();
    await redis.set(keys.capNames(), `moving ${Date.now() - 51 * 86_400_000}`);
    expect(await settleCapNames(redis, keys, false)).toBe('current');
    expect(await redis.get(keys.capNames())).toBe('current');
  });
});
