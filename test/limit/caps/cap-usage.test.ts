import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { createRateCap } from '../../../src/limit/caps/bottleneck-cap.ts';
import { limiterKeys } from '../../../src/limit/caps/bottleneck-lua.ts';
import { hourCounter, readHourUsage } from '../../../src/limit/caps/cap-rules.ts';
import type { CapRule } from '../../../src/limit/caps/rate-cap.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { testRedis } from '../../support/redis.ts';
import { settleSlot } from '../support/settle-slot.ts';

const { redis, prefix } = testRedis();
const HOUR_MS = 3_600_000;
const LEASE_MS = 100;
const START = 1_700_000_000_000;

function setup() {
  const keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  const clock = { now: START };
  const cap = createRateCap({ redis, keys, leaseMs: LEASE_MS, now: () => clock.now });
  const send = async (slot: string, weight = 1) => {
    const rules: CapRule[] = [{ key: hourCounter(false), reason: 'rate_cap_hour', max: 5_000, windowMs: HOUR_MS, reserve: 0, weight }];
    await cap.reserve(slot, rules);
    await settleSlot(redis, cap, slot, rules);
  };
  return { keys, clock, send, used: () => readHourUsage(redis, keys, false, clock.now) };
}

test('nothing is used before the first text', async () => {
  expect(await setup().used()).toBe(0);
});

test('a text counts for exactly one window, to the millisecond in which the next one would have its place', async () => {
  const { clock, send, used } = setup();
  await send('a');
  clock.now += 1_000;
  await send('b');
  expect(await used()).toBe(2);
  clock.now = START + HOUR_MS;
  expect(await used()).toBe(2);
  clock.now += 1;
  expect(await used()).toBe(1);
  clock.now = START + 1_000 + HOUR_MS + 1;
  expect(await used()).toBe(0);
});

test('segments count where they are what is weighed, though more have expired than one reading takes', async () => {
  const { clock, send, used } = setup();
  await Promise.all(Array.from({ length: 600 }, (_, n) => send(`s${n}`, 2)));
  clock.now += 1_000;
  await send('young', 7);
  expect(await used()).toBe(1_207);
  clock.now = START + HOUR_MS + 1;
  expect(await used()).toBe(7);
});

test('a look changes nothing', async () => {
  const { keys, clock, send, used } = setup();
  await send('a', 3);
  clock.now += HOUR_MS + 1;
  const all = limiterKeys(keys.limiter(hourCounter(false)));
  const dumps = () => Promise.all(all.map((key) => redis.dumpBuffer(key)));
  const before = await dumps();
  expect(await used()).toBe(0);
  expect(await dumps()).toEqual(before);
});
