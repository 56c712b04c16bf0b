import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { best, type ClockSample, jumpBetween, redisTimeAt } from '../../../src/redis/clock/clock-sample.ts';
import { type ClockJump, clockOf, createRedisClock, keepTime, onWallClock, useClock } from '../../../src/redis/clock/redis-clock.ts';
import { connectRedis } from '../../../src/redis/connect.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { testRedis } from '../../support/redis.ts';
import { createSettableClock } from '../../support/settable-clock.ts';

const { url, prefix } = testRedis();

const T = Date.UTC(2026, 11, 1);
const HOUR_MS = 3_600_000;

const sample = (redisMs: number, at: number, errorMs = 1): ClockSample => ({ redisMs: T + redisMs, at, errorMs });

describe('a jump', () => {
  it.each([
    ['none, in a minute', sample(0, 0), sample(60_000, 60_000), 0],
    ['none: drift of a second in an hour', sample(0, 0), sample(HOUR_MS + 1_000, HOUR_MS), 0],
    ['none: an answer that took 4 s says no more', sample(0, 0), sample(63_900, 60_000, 2_000), 0],
    ['none: less than 2 s', sample(0, 0), sample(61_900, 60_000), 0],
    ['2 h ahead', sample(0, 0), sample(15_000 + 2 * HOUR_MS, 15_000), 2 * HOUR_MS],
    ['2 h back', sample(0, 0), sample(15_000 - 2 * HOUR_MS, 15_000), -2 * HOUR_MS],
    ['3 s ahead', sample(0, 0), sample(18_000, 15_000), 3_000],
    ['a leap of a day after a week without an answer', sample(0, 0), sample(8 * 24 * HOUR_MS, 7 * 24 * HOUR_MS), 24 * HOUR_MS],
  ])('%s', (_name, before, after, jump) => {
    expect(jumpBetween(before, after)).toBe(jump);
  });

  it('is none while Redis runs true to a part in a thousand, and found, with its size, when it is larger than the tolerance', () => {
    const ms = (max: number) => fc.integer({ min: 0, max });
    fc.assert(
      fc.property(ms(7 * 24 * HOUR_MS), ms(500), ms(500), fc.integer({ min: -999, max: 999 }), (elapsed, before, after, drift) => {
        const true_ = elapsed + (elapsed * drift) / 1_000_000;
        expect(jumpBetween(sample(0, 0, before + 1), sample(true_ + after, elapsed, after + 1))).toBe(0);
      }),
    );
    fc.assert(
      fc.property(ms(HOUR_MS), fc.integer({ min: 10_000, max: 1e10 }), fc.boolean(), (elapsed, size, back) => {
        const jump = back ? -size : size;
        expect(jumpBetween(sample(0, 0), sample(elapsed + jump, elapsed))).toBeCloseTo(jump, 0);
      }),
    );
  });
});

it('the sample of the shortest round trip counts', () => {
  expect(best([sample(9, 1, 5), sample(7, 2, 2), sample(8, 3, 3)])).toEqual(sample(7, 2, 2));
  expect(best([])).toBeUndefined();
});

/** A Redis, a wall clock and a monotonic clock, each of which the test moves. */
function bench() {
  const world = { redis: T, wall: T, monotonic: 0, away: false, tookMs: 0 };
  const skews: { skewMs: number; passed: boolean }[] = [];
  const jumps: ClockJump[] = [];
  const pass = (ms: number) => {
    world.redis += ms;
    world.wall += ms;
    world.monotonic += ms;
  };
  const clock = createRedisClock({
    async ask() {
      if (world.away) throw new Error('connect ECONNREFUSED');
      pass(world.tookMs / 2);
      const answer = world.redis;
      pass(world.tookMs / 2);
      return answer;
    },
    wall: () => world.wall,
    monotonic: () => world.monotonic,
    onSkew: (skew) => skews.push(skew),
    onJump: (jump) => jumps.push(jump),
  });
  onTestFinished(clock.close);
  return { clock, world, pass, skews, jumps };
}

describe('the clock', () => {
  it('shows the time of the system until Redis has answered, and then that of Redis, whatever the system shows', async () => {
    const { clock, world, pass } = bench();
    world.wall = T + HOUR_MS;
    world.away = true;
    await clock.measure();
    expect([clock.now().getTime(), clock.skewMs()]).toEqual([T + HOUR_MS, undefined]);
    world.away = false;
    await clock.measure();
    expect([clock.now().getTime(), clock.skewMs()]).toEqual([T, HOUR_MS]);
    pass(5_000);
    world.wall = T - 10 * HOUR_MS;
    expect(clock.now().getTime()).toBe(T + 5_000);
    world.away = true;
    pass(HOUR_MS);
    await clock.measure();
    expect(clock.now().getTime()).toBe(T + 5_000 + HOUR_MS);
  });

  it('takes half of the round trip for the way back', async () => {
    const { clock, world } = bench();
    world.tookMs = 300;
    await clock.measure();
    expect(clock.now().getTime()).toBe(world.redis);
  });

  it('keeps what it knows when an answer took so long that it says less', async () => {
    const { clock, world } = bench();
    await clock.measure();
    world.tookMs = 3_000;
    world.redis += 1_000;
    await clock.measure();
    expect(clock.now().getTime()).toBe(world.redis - 1_000);
  });

  it('says once that the system clock is off by more than 5 s, and once that it is right again', async () => {
    const { clock, world, skews } = bench();
    const at = async (skewMs: number) => {
      world.wall = world.redis + skewMs;
      await clock.measure();
    };
    for (const skewMs of [0, 4_900, -5_000, 5_100, 61_000, 4_500, -4_200, 3_900, 4_900, -7_000]) await at(skewMs);
    expect(skews).toEqual([
      { skewMs: 5_100, passed: true },
      { skewMs: 3_900, passed: false },
      { skewMs: -7_000, passed: true },
    ]);
  });

  it.each([2 * HOUR_MS, -2 * HOUR_MS])('follows a jump of Redis by %i ms, reports it once, and shows it for an hour', async (byMs) => {
    const { clock, world, pass, jumps, skews } = bench();
    await clock.measure();
    pass(10_000);
    world.redis += byMs;
    await clock.measure();
    expect(clock.now().getTime()).toBe(T + 10_000 + byMs);
    expect(jumps).toEqual([{ byMs, at: new Date(T + 10_000 + byMs) }]);
    expect(skews).toMatchObject([{ skewMs: -byMs, passed: true }]);
    expect(clock.jumps()).toBe(1);
    pass(HOUR_MS - 1);
    await clock.measure();
    expect(clock.lastJump()).toEqual(jumps[0]);
    pass(1);
    expect(clock.lastJump()).toBeUndefined();
    expect([clock.jumps(), jumps.length]).toEqual([1, 1]);
  });

  it('is no jump when the wall clock of this process is set', async () => {
    const { clock, world, jumps } = bench();
    await clock.measure();
    world.wall += 2 * HOUR_MS;
    await clock.measure();
    expect([clock.now().getTime(), jumps]).toEqual([T, []]);
  });

  it('stops waiting after the given time when Redis does not answer', async () => {
    const clock = createRedisClock({ ask: () => new Promise(() => undefined) });
    onTestFinished(clock.close);
    await clock.known(10);
    expect(clock.skewMs()).toBeUndefined();
  });
});

describe('the clock of a connection', () => {
  it('is that of the system, then the one that is kept for it, or given', async () => {
    const redis = connectRedis(url, 'interactive');
    onTestFinished(() => redis.disconnect());
    const shown = clockOf(redis);
    expect(Math.abs(shown.now().getTime() - Date.now())).toBeLessThan(60_000);
    const kept = keepTime(redis, createKeys(prefix));
    onTestFinished(kept.close);
    await kept.known();
    expect(Math.abs(kept.skewMs() as number)).toBeLessThan(5_000);
    const set = createSettableClock(T);
    useClock(redis, set);
    expect(shown.now()).toEqual(new Date(T));
  });

  it('reads a moment of Redis’ time on the wall clock of this process', () => {
    const behind = createSettableClock(Date.now() - HOUR_MS);
    expect(Math.abs(onWallClock(behind.at + 1_000, behind) - Date.now() - 1_000)).toBeLessThan(60_000);
  });
});

it('redis time runs on by the monotonic clock', () => {
  expect(redisTimeAt(sample(0, 100), 350)).toBe(T + 250);
});
