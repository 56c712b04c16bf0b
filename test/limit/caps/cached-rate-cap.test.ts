import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { createRateCap } from '../../../src/limit/caps/bottleneck-cap.ts';
import { createCachedRateCap } from '../../../src/limit/caps/cached-rate-cap.ts';
import type { CapRule, RateCap } from '../../../src/limit/caps/rate-cap.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const START = 1_700_000_000_000;
const FRESH = { mayHold: false } as const;

/** The real cap with a count of the questions that reach Redis. */
function setup(size?: number) {
  const clock = { now: START };
  const keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  const real = createRateCap({ redis, keys, leaseMs: 0, now: () => clock.now });
  const asked: string[] = [];
  const counting: RateCap = {
    ...real,
    reserve(slot, rules, hint) {
      asked.push(slot);
      return real.reserve(slot, rules, hint);
    },
  };
  const cap = createCachedRateCap(counting, { now: () => clock.now, ...(size === undefined ? {} : { size }) });
  return { cap, real, clock, asked };
}

const phone = (max: number, windowMs = 5000, key = 'r:abc', weight = 1): CapRule => ({
  key,
  reason: 'rate_cap_recipient',
  max,
  windowMs,
  reserve: 0,
  weight,
});
const hour = (max: number, reserve = 0): CapRule => ({
  key: 'hour',
  reason: 'rate_cap_hour',
  max,
  windowMs: 3_600_000,
  reserve,
  weight: 1,
});

test('A storm on one phone asks Redis once a second', async () => {
  const { cap, clock, asked } = setup();
  const rules = [phone(1, 60_000), hour(100)];
  await cap.reserve('a', rules, FRESH);
  const first = await cap.reserve('storm', rules, FRESH);
  expect(first).toMatchObject({ kind: 'full', reason: 'rate_cap_recipient' });
  for (let i = 0; i < 5000; i += 1) {
    if (i % 1000 === 0) clock.now += 500;
    expect(await cap.reserve(`storm-${i}`, rules, FRESH)).toEqual(first);
  }
  // 2.5 s: the text that got through, the first refused, and one at every full second after it.
  expect(asked).toHaveLength(4);
});

test('The moment of room is never slept over', async () => {
  const { cap, clock, asked } = setup();
  const rules = [phone(1, 300)];
  await cap.reserve('a', rules, FRESH);
  const refused = await cap.reserve('b', rules, FRESH);
  if (refused.kind !== 'full') throw new Error('not full');
  clock.now = refused.retryAt.getTime() - 1;
  expect((await cap.reserve('c', rules, FRESH)).kind).toBe('full');
  expect(asked).toEqual(['a', 'b']);
  clock.now += 1;
  expect(await cap.reserve('c', rules, FRESH)).toEqual({ kind: 'held', fresh: true });
});

test('A message that may hold a slot is always asked for in Redis, said or not', async () => {
  const { cap } = setup();
  const rules = [phone(1)];
  await cap.reserve('a', rules, FRESH);
  await cap.reserve('b', rules, FRESH);
  expect(await cap.reserve('a', rules)).toEqual({ kind: 'held', fresh: false });
  expect(await cap.reserve('a', rules, { mayHold: true })).toEqual({ kind: 'held', fresh: false });
});

test('What is full for a common text may be open to a critical one, and each keeps its own moment', async () => {
  const { cap, clock, asked } = setup();
  const [common, critical] = [[hour(3, 2)], [hour(3)]];
  await cap.reserve('a', common, FRESH);
  const refused = await cap.reserve('b', common, FRESH);
  clock.now += 10;
  expect((await cap.reserve('c', critical, FRESH)).kind).toBe('held');
  expect((await cap.reserve('d', critical, FRESH)).kind).toBe('held');
  const full = await cap.reserve('e', critical, FRESH);
  expect(full.kind).toBe('full');
  const questions = asked.length;
  expect(await cap.reserve('f', common, FRESH)).toEqual(refused);
  expect(await cap.reserve('g', critical, FRESH)).toEqual(full);
  expect(asked).toHaveLength(questions);
});

test('Another phone, and another maximum, are asked for by themselves', async () => {
  const { cap } = setup();
  await cap.reserve('a', [phone(1)], FRESH);
  expect((await cap.reserve('b', [phone(1)], FRESH)).kind).toBe('full');
  expect((await cap.reserve('b', [phone(1, 5000, 'r:abd')], FRESH)).kind).toBe('held');
  expect((await cap.reserve('b', [phone(2)], FRESH)).kind).toBe('held');
});

test('What is full for a heavy text may have room for a lighter one', async () => {
  const { cap, asked } = setup();
  const rules = (weight: number) => [phone(3, 60_000, 'r:abc', weight)];
  await cap.reserve('a', rules(1), FRESH);
  const refused = await cap.reserve('b', rules(3), FRESH);
  expect(refused.kind).toBe('full');
  expect((await cap.reserve('c', rules(2), FRESH)).kind).toBe('held');
  expect(await cap.reserve('d', rules(3), FRESH)).toEqual(refused);
  expect((await cap.reserve('e', rules(1), FRESH)).kind).toBe('full');
  expect(asked).toEqual(['a', 'b', 'c', 'e']);
});

test('Of several full counters, the one that is full the longest answers', async () => {
  const { cap, asked } = setup();
  const rules = [phone(1), hour(1)];
  await cap.reserve('a', rules, FRESH);
  expect((await cap.reserve('b', [phone(1)], FRESH)).kind).toBe('full');
  expect((await cap.reserve('b', [hour(1)], FRESH)).kind).toBe('full');
  expect(await cap.reserve('c', rules, FRESH)).toMatchObject({ kind: 'full', reason: 'rate_cap_hour' });
  expect(asked).toEqual(['a', 'b', 'b']);
});

test('A slot released here is free immediately, one released elsewhere after a second', async () => {
  const { cap, real, clock } = setup();
  const rules = [phone(1, 60_000)];
  await cap.reserve('a', rules, FRESH);
  expect((await cap.reserve('b', rules, FRESH)).kind).toBe('full');
  await cap.release('a', rules);
  expect((await cap.reserve('b', rules, FRESH)).kind).toBe('held');

  expect((await cap.reserve('c', rules, FRESH)).kind).toBe('full');
  await real.release('b', rules);
  expect((await cap.reserve('c', rules, FRESH)).kind).toBe('full');
  clock.now += 1000;
  expect((await cap.reserve('c', rules, FRESH)).kind).toBe('held');
});

test('The number of cached counters is limited; evicted ones are read again', async () => {
  const { cap, asked } = setup(2);
  const phones = ['r:1', 'r:2', 'r:3'].map((key) => [phone(1, 60_000, key)]);
  for (const rules of phones) await cap.reserve('a', rules, FRESH);
  for (const rules of phones) await cap.reserve('b', rules, FRESH);
  asked.length = 0;
  for (const rules of phones.toReversed()) expect((await cap.reserve('c', rules, FRESH)).kind).toBe('full');
  expect(asked).toHaveLength(1);
});
