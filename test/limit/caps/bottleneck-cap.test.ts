import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createRateCap } from '../../../src/limit/caps/bottleneck-cap.ts';
import { limiterKeys } from '../../../src/limit/caps/bottleneck-lua.ts';
import type { CapRule, RateCap } from '../../../src/limit/caps/rate-cap.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { testRedis } from '../../support/redis.ts';
import { settleSlot } from '../support/settle-slot.ts';

const { redis, prefix } = testRedis();
const WINDOW_MS = 1000;
const LEASE_MS = 100;
const START = 1_700_000_000_000;

/** A cap of its own, with a clock in the test's hand. */
function setup() {
  const keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  const clock = { now: START };
  return { keys, clock, cap: createRateCap({ redis, keys, leaseMs: LEASE_MS, now: () => clock.now }) };
}

function rule(max: number, more: Partial<CapRule> = {}): CapRule {
  return { key: 'r:abc', reason: 'rate_cap_recipient', max, windowMs: WINDOW_MS, reserve: 0, weight: 1, ...more };
}
const hour = (max: number, reserve = 0) => rule(max, { key: 'hour', reason: 'rate_cap_hour', reserve });

async function fill(cap: RateCap, slots: readonly string[], rules: readonly CapRule[]): Promise<void> {
  for (const slot of slots) expect(await cap.reserve(slot, rules)).toEqual({ kind: 'held', fresh: true });
}
const full = (retryAt: number, { key, reason } = rule(0)) => ({ kind: 'full', key, reason, retryAt: new Date(retryAt) });

describe('A rate cap', () => {
  test('passes exactly its maximum, then returns when the oldest slot expires, exact to the millisecond', async () => {
    const { cap, clock } = setup();
    const rules = [rule(3)];
    for (const slot of ['a', 'b', 'c']) {
      await fill(cap, [slot], rules);
      clock.now += 10;
    }
    const roomAt = START + WINDOW_MS + LEASE_MS + 1;
    expect(await cap.reserve('d', rules)).toEqual(full(roomAt));
    clock.now = roomAt - 1;
    expect(await cap.reserve('d', rules)).toEqual(full(roomAt));
    clock.now = roomAt;
    await fill(cap, ['d'], rules);
    expect(await cap.reserve('e', rules)).toEqual(full(roomAt + 10));
  });

  test('counts a settled text for exactly one window from its settling', async () => {
    const { cap, clock } = setup();
    const rules = [rule(1)];
    await fill(cap, ['a'], rules);
    clock.now += 60;
    await settleSlot(redis, cap, 'a', rules);
    const roomAt = START + 60 + WINDOW_MS + 1;
    expect(await cap.reserve('b', rules)).toEqual(full(roomAt));
    clock.now = roomAt;
    await fill(cap, ['b'], rules);
  });

  test('takes no second slot for a message that holds one, and renews its time', async () => {
    const { cap, clock } = setup();
    const rules = [rule(2)];
    await fill(cap, ['a', 'b'], rules);
    clock.now += 500;
    expect(await cap.reserve('a', rules)).toEqual({ kind: 'held', fresh: false });
    clock.now = START + WINDOW_MS + LEASE_MS + 1;
    await fill(cap, ['c'], rules);
    expect(await cap.reserve('d', rules)).toEqual(full(START + 500 + WINDOW_MS + LEASE_MS + 1));
  });

  test('keeps a held slot even where the cap has no room for another text', async () => {
    const { cap } = setup();
    await fill(cap, ['a', 'b'], [hour(4)]);
    expect(await cap.reserve('a', [hour(4, 3)])).toEqual({ kind: 'held', fresh: false });
    expect(await cap.reserve('c', [hour(4, 3)])).toMatchObject({ kind: 'full', reason: 'rate_cap_hour' });
  });

  test('releases a slot immediately, once', async () => {
    const { cap } = setup();
    const rules = [rule(1), hour(1)];
    await fill(cap, ['a'], rules);
    await cap.release('a', rules);
    await cap.release('a', rules);
    await cap.release('never held', rules);
    await fill(cap, ['b'], rules);
    expect((await cap.reserve('c', rules)).kind).toBe('full');
  });

  test('keeps the last slots for those who may use them', async () => {
    const { cap } = setup();
    const [common, critical] = [[hour(5, 2)], [hour(5)]];
    await fill(cap, ['a', 'b', 'c'], common);
    expect((await cap.reserve('d', common)).kind).toBe('full');
    await fill(cap, ['e', 'f'], critical);
    expect((await cap.reserve('g', critical)).kind).toBe('full');
  });

  test('returns for each kind of message the moment at which enough of the oldest slots have expired', async () => {
    const { cap, clock } = setup();
    for (const slot of ['a', 'b', 'c', 'd']) {
      await fill(cap, [slot], [hour(4)]);
      clock.now += 10;
    }
    const gone = (nth: number) => START + (nth - 1) * 10 + WINDOW_MS + LEASE_MS + 1;
    const rules = (reserve: number) => hour(4, reserve);
    expect(await cap.reserve('z', [rules(0)])).toEqual(full(gone(1), rules(0)));
    expect(await cap.reserve('z', [rules(2)])).toEqual(full(gone(3), rules(2)));
    expect(await cap.reserve('z', [rules(3)])).toEqual(full(gone(4), rules(3)));
    // All of it reserved: never. A window later is as good as any other moment to ask again.
    expect(await cap.reserve('z', [rules(4)])).toEqual(full(clock.now + WINDOW_MS, rules(4)));
  });

  test('counts weight instead of messages, and gives a message all of its weight or none', async () => {
    const { cap, clock } = setup();
    const rules = (weight: number) => [rule(6, { weight })];
    for (const [slot, weight] of [
      ['a', 1],
      ['b', 3],
      ['c', 1],
    ] as const) {
      await fill(cap, [slot], rules(weight));
      clock.now += 10;
    }
    const gone = (nth: number) => START + (nth - 1) * 10 + WINDOW_MS + LEASE_MS + 1;
    expect(await cap.reserve('z', rules(2))).toEqual(full(gone(1)));
    for (const weight of [3, 4, 5]) expect(await cap.reserve('z', rules(weight)), `${weight}`).toEqual(full(gone(2)));
    expect(await cap.reserve('z', rules(6))).toEqual(full(gone(3)));
    // More than the cap is never a moment's question.
    expect(await cap.reserve('z', rules(7))).toEqual(full(clock.now + WINDOW_MS));
    await fill(cap, ['d'], rules(1));
    clock.now = gone(2);
    await fill(cap, ['e'], rules(4));
    await cap.release('e', rules(4));
    await fill(cap, ['f'], rules(4));
  });

  test('keeps the weight with which a slot was reserved, independently of the current weight of the message', async () => {
    const { cap } = setup();
    await fill(cap, ['a'], [rule(4, { weight: 3 })]);
    expect(await cap.reserve('a', [rule(4, { weight: 1 })])).toEqual({ kind: 'held', fresh: false });
    expect((await cap.reserve('b', [rule(4, { weight: 2 })])).kind).toBe('full');
    await settleSlot(redis, cap, 'a', [rule(4, { weight: 1 })]);
    await fill(cap, ['b'], [rule(4, { weight: 1 })]);
    expect((await cap.reserve('c', [rule(4, { weight: 1 })])).kind).toBe('full');
  });

  test('names the right moment among more slots than are looked at in one go, after its maximum was lowered', async () => {
    const { cap, clock } = setup();
    const wide = [rule(2000)];
    for (let nth = 0; nth < 620; nth += 1) {
      await cap.reserve(`m${nth}`, nth === 619 ? [rule(2000, { weight: 2 })] : wide);
      clock.now += 1;
    }
    const gone = (nth: number) => START + nth + WINDOW_MS + LEASE_MS + 1;
    const low = rule(10);
    // 621 in all, 612 too many: the last slot but seven.
    expect(await cap.reserve('z', [low])).toEqual(full(gone(611)));
    expect(await cap.reserve('z', [rule(10, { weight: 10 })])).toEqual(full(gone(619)));
  });

  test('takes all rules or none, and waits for the one that is full the longest', async () => {
    const { cap, clock } = setup();
    await fill(cap, ['a'], [rule(1)]);
    clock.now += 10;
    await fill(cap, ['b'], [hour(1)]);
    const both = [rule(1), hour(1)];
    expect(await cap.reserve('c', both)).toEqual(full(START + 10 + WINDOW_MS + LEASE_MS + 1, hour(1)));
    expect(await cap.reserve('c', both.toReversed())).toEqual(full(START + 10 + WINDOW_MS + LEASE_MS + 1, hour(1)));
    await cap.release('a', [rule(1)]);
    expect((await cap.reserve('c', both)).kind).toBe('full');
    await fill(cap, ['d'], [rule(1)]);
  });

  test('takes again only what has expired where windows differ, and nothing when that is full', async () => {
    const { cap, clock } = setup();
    const [short, long] = [rule(1), rule(2, { key: 'r:abc:long', windowMs: 10 * WINDOW_MS })];
    await fill(cap, ['a'], [short, long]);
    clock.now += 2 * WINDOW_MS;
    expect(await cap.reserve('a', [short, long])).toEqual({ kind: 'held', fresh: false });
    expect((await cap.reserve('b', [short])).kind).toBe('full');
    await fill(cap, ['b'], [long]);
    expect((await cap.reserve('c', [long])).kind).toBe('full');

    clock.now += 2 * WINDOW_MS;
    await fill(cap, ['d'], [short]);
    expect(await cap.reserve('a', [short, long])).toMatchObject({ kind: 'full', key: short.key });
  });

  test('without rules passes everything', async () => {
    const { cap } = setup();
    expect(await cap.reserve('a', [])).toEqual({ kind: 'held', fresh: true });
    await settleSlot(redis, cap, 'a', []);
    await cap.release('a', []);
  });

  test('refuses two rules on one counter as the mistake that they are', async () => {
    const { cap } = setup();
    await expect(cap.reserve('a', [rule(1), rule(2)])).rejects.toThrow('share a key');
  });

  test('takes a window of any length, also one that is no whole number of ms', async () => {
    const { cap } = setup();
    const rules = [rule(1, { windowMs: 123.4 })];
    await fill(cap, ['a'], rules);
    await settleSlot(redis, cap, 'a', rules);
    expect((await cap.reserve('b', rules)).kind).toBe('full');
  });

  test('uses the clock of Redis by default', async () => {
    const { keys } = setup();
    const cap = createRateCap({ redis, keys, leaseMs: 0 });
    const rules = [rule(1, { windowMs: 3_600_000 })];
    await fill(cap, ['a'], rules);
    const before = Date.now();
    const second = await cap.reserve('b', rules);
    expect(second.kind).toBe('full');
    if (second.kind !== 'full') return;
    expect(second.retryAt.getTime()).toBeGreaterThan(before + 3_590_000);
    expect(second.retryAt.getTime()).toBeLessThanOrEqual(Date.now() + 3_600_001);
  });
});

describe('An edit of a maximum', () => {
  test.each([
    [5, 3],
    [3, 5],
  ])('from %i to %i counts what was sent before, whichever replica asks', async (before, after) => {
    const { cap } = setup();
    await fill(cap, ['a', 'b', 'c'], [rule(before)]);
    if (after > before) await fill(cap, ['d', 'e'], [rule(after)]);
    expect((await cap.reserve('f', [rule(after)])).kind).toBe('full');
    expect((await cap.reserve('f', [rule(Math.max(before, after) + 1)])).kind).toBe('held');
    expect((await cap.reserve('g', [rule(Math.min(before, after))])).kind).toBe('full');
  });

  test('to less waits until enough messages have left the window', async () => {
    const { cap, clock } = setup();
    for (const slot of ['a', 'b', 'c', 'd', 'e']) {
      await fill(cap, [slot], [rule(5)]);
      clock.now += 10;
    }
    expect(await cap.reserve('f', [rule(3)])).toEqual(full(START + 20 + WINDOW_MS + LEASE_MS + 1));
  });
});

describe('Data in Redis', () => {
  test('has a TTL longer than any slot counts, also after refusals, and is renewed by each message', async () => {
    const { cap, keys, clock } = setup();
    const windowMs = 7_200_000;
    const rules = [rule(2, { windowMs }), hour(0)];
    expect((await cap.reserve('refused', rules)).kind).toBe('full');
    expect(await redis.exists(...limiterKeys(keys.limiter('r:abc')), ...limiterKeys(keys.limiter('hour')))).toBe(0);

    const recipient = rules.slice(0, 1);
    const all = limiterKeys(keys.limiter('r:abc'));
    const ttls = async () => (await Promise.all(all.map((key) => redis.pttl(key)))).filter((ttl) => ttl !== -2);
    await fill(cap, ['a'], recipient);
    expect(Math.min(...(await ttls()))).toBeGreaterThan(windowMs + LEASE_MS);
    await redis.pipeline(all.map((key) => ['pexpire', key, windowMs])).exec();
    await fill(cap, ['b'], recipient);
    expect(Math.min(...(await ttls()))).toBeGreaterThan(windowMs + LEASE_MS);
    await redis.pipeline(all.map((key) => ['pexpire', key, windowMs])).exec();
    expect(await cap.reserve('a', recipient)).toEqual({ kind: 'held', fresh: false });
    expect(Math.min(...(await ttls()))).toBeGreaterThan(windowMs + LEASE_MS);

    // All slots expired: bottleneck drops some keys and makes them anew with the next text.
    clock.now += windowMs + LEASE_MS + 1;
    await fill(cap, ['c'], recipient);
    expect(Math.min(...(await ttls()))).toBeGreaterThan(windowMs + LEASE_MS);
  });

  test.each([
    ['altogether', 0, 8],
    ['but for what depends on the settings', 0, 1],
  ])('may be lost %s: the cap starts from the beginning without an error', async (_, from, to) => {
    const { cap, keys, clock } = setup();
    const rules = [rule(2)];
    const lose = () => redis.del(...limiterKeys(keys.limiter('r:abc')).slice(from, to));
    await fill(cap, ['a', 'b'], rules);
    await lose();
    await cap.release('a', rules);
    await fill(cap, ['c', 'd'], rules);
    expect((await cap.reserve('e', rules)).kind).toBe('full');
    // What was left behind does not count when it expires either.
    clock.now += WINDOW_MS + LEASE_MS + 1;
    await fill(cap, ['e', 'f'], rules);
    expect((await cap.reserve('g', rules)).kind).toBe('full');
    await lose();
    await settleSlot(redis, cap, 'e', rules);
    await fill(cap, ['g'], rules);
  });

  test('being lost between a reservation and its settling costs no count: the text was sent', async () => {
    const { cap, keys } = setup();
    const rules = [rule(1), hour(5)];
    await fill(cap, ['a'], rules);
    await redis.del(...limiterKeys(keys.limiter('r:abc')), ...limiterKeys(keys.limiter('hour')));
    await settleSlot(redis, cap, 'a', rules);
    expect(await cap.reserve('b', rules)).toMatchObject({ kind: 'full', reason: 'rate_cap_recipient' });
  });

  test('being lost with others taken since counts a heavy text as far as there is room', async () => {
    const { cap, keys } = setup();
    const heavy = [rule(4, { weight: 3 })];
    await fill(cap, ['a'], heavy);
    await redis.del(...limiterKeys(keys.limiter('r:abc')));
    await fill(cap, ['b', 'c'], [rule(4)]);
    await settleSlot(redis, cap, 'a', heavy);
    expect((await cap.reserve('d', [rule(4)])).kind).toBe('full');
    await cap.release('a', heavy);
    await fill(cap, ['d', 'e'], [rule(4)]);
  });

  test('is one limiter’s keys for each counter, under our prefix, and no message of one counter is in another', async () => {
    const { cap, keys } = setup();
    await fill(cap, ['a'], [rule(2), hour(5)]);
    const found = await redis.keys(`*${keys.prefix}*`);
    const expected = [...limiterKeys(keys.limiter('r:abc')), ...limiterKeys(keys.limiter('hour'))];
    expect(expected).toEqual(expect.arrayContaining(found));
    expect(found.length).toBe(6);
  });
});
