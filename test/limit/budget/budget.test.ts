import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createBudgets, leftOf, openBudgets, secondsUntilEmpty } from '../../../src/limit/budget/budget.ts';
import type { BudgetPeriod, Money } from '../../../src/limit/budget/money.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const NOON = Date.parse('2026-11-20T12:10:00Z');

function open(budgets: Money['budgets'], at: number | string = NOON) {
  const keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  const clock = { at: typeof at === 'string' ? Date.parse(at) : at };
  const make = (limits: Money['budgets']) => createBudgets({ redis, keys, budgets: limits, now: () => clock.at });
  const own = make(budgets);
  const figures = async (period: BudgetPeriod) => {
    const found = (await own.read()).find((one) => one.period === period);
    if (found === undefined) throw new Error(`no figures of the ${period}`);
    return found;
  };
  return { ...own, keys, clock, make, figures };
}

describe('between soft and hard', () => {
  it('is for criticals only', async () => {
    const { reserve } = open({ hour: { soft: 100, hard: 150 } });
    expect(await reserve('a', 60, false)).toEqual({ kind: 'held' });
    expect(await reserve('b', 40, false)).toEqual({ kind: 'held' });
    expect(await reserve('c', 1, false)).toMatchObject({ kind: 'full', period: 'hour' });
    expect(await reserve('d', 50, true)).toEqual({ kind: 'held' });
    expect(await reserve('e', 1, true)).toMatchObject({ kind: 'full', period: 'hour' });
    expect(await reserve('f', 0, true)).toEqual({ kind: 'held' });
  });
});

describe('a reservation', () => {
  it('is one, however often it is asked for', async () => {
    const { reserve, figures } = open({ hour: { soft: 10, hard: 10 } });
    for (let i = 0; i < 3; i += 1) expect(await reserve('a', 10, false)).toEqual({ kind: 'held' });
    expect(await figures('hour')).toMatchObject({ reserved: 10, spent: 0 });
  });

  it('becomes what the text did cost, once', async () => {
    const { reserve, settle, figures } = open({ hour: { soft: 100, hard: 100 } });
    await reserve('a', 60, false);
    await settle('a', 20);
    await settle('a', 20);
    for (const period of ['hour', 'day', 'month'] as const) expect(await figures(period)).toMatchObject({ reserved: 0, spent: 20 });
    expect(await reserve('b', 80, false)).toEqual({ kind: 'held' });
  });

  it('is released, once', async () => {
    const { reserve, release, figures } = open({ hour: { soft: 100, hard: 100 } });
    await reserve('a', 60, false);
    await reserve('b', 30, false);
    await release('a');
    await release('a');
    expect(await figures('hour')).toMatchObject({ reserved: 30, spent: 0 });
  });

  it('that is never settled stays until its period ends', async () => {
    const { reserve, clock, figures } = open({ hour: { soft: 10, hard: 10 } });
    await reserve('a', 10, false);
    clock.at = Date.parse('2026-11-20T12:59:59.999Z');
    expect(await reserve('b', 1, true)).toEqual({ kind: 'full', period: 'hour', until: new Date('2026-11-20T13:00:00Z') });
    clock.at += 1;
    expect(await reserve('b', 1, true)).toEqual({ kind: 'held' });
    expect(await figures('day')).toMatchObject({ reserved: 11 });
  });

  it('of a past hour is settled in the day only', async () => {
    const { reserve, settle, clock, figures } = open({ hour: { soft: 10, hard: 10 } });
    await reserve('a', 10, false);
    clock.at += 3_600_000;
    await settle('a', 7);
    expect(await figures('hour')).toMatchObject({ spent: 0, reserved: 0 });
    expect(await figures('day')).toMatchObject({ spent: 7, reserved: 0 });
  });

  it('settled for more than was reserved allows no further message, and is shown', async () => {
    const { reserve, settle, figures } = open({ hour: { soft: 10, hard: 10 } });
    await reserve('a', 10, false);
    await settle('a', 25);
    expect(await reserve('b', 0, true)).toMatchObject({ kind: 'full' });
    const hour = await figures('hour');
    expect(hour).toMatchObject({ spent: 25 });
    expect(leftOf(hour)).toBe(0);
  });

  it('holds in every period or in none', async () => {
    const { reserve, figures } = open({ hour: { soft: 100, hard: 100 }, month: { soft: 10, hard: 10 } });
    expect(await reserve('a', 11, true)).toMatchObject({ kind: 'full', period: 'month' });
    for (const period of ['hour', 'day', 'month'] as const) expect(await figures(period)).toMatchObject({ reserved: 0 });
  });

  it('of sums beyond what a number shows in full is exact', async () => {
    const { reserve, settle, figures } = open({ month: { soft: 1e15, hard: 1e15 } });
    await reserve('a', 999_999_999_999_999, false);
    expect(await reserve('b', 2, false)).toMatchObject({ kind: 'full' });
    await settle('a', 999_999_999_999_998);
    expect(await figures('month')).toMatchObject({ spent: 999_999_999_999_998, reserved: 0 });
  });
});

describe('a new period', () => {
  it.each<[BudgetPeriod, string, string]>([
    ['hour', '2026-11-20T12:10:00Z', '2026-11-20T13:00:00Z'],
    ['hour', '2026-12-31T23:59:59.999Z', '2027-01-01T00:00:00Z'],
    ['day', '2026-11-20T00:00:00Z', '2026-11-21T00:00:00Z'],
    ['month', '2026-11-20T12:10:00Z', '2026-12-01T00:00:00Z'],
    ['month', '2026-12-31T23:59:59Z', '2027-01-01T00:00:00Z'],
    ['month', '2027-02-28T23:59:59Z', '2027-03-01T00:00:00Z'],
    ['month', '2028-02-28T23:59:59Z', '2028-03-01T00:00:00Z'],
    ['month', '2028-02-29T00:00:00Z', '2028-03-01T00:00:00Z'],
    ['month', '2100-02-01T00:00:00Z', '2100-03-01T00:00:00Z'],
    ['month', '2028-01-31T12:00:00Z', '2028-02-01T00:00:00Z'],
  ])('for the %s of %s at %s', async (period, at, until) => {
    const { reserve, clock } = open({ [period]: { soft: 1, hard: 1 } }, at);
    await reserve('a', 1, true);
    expect(await reserve('b', 1, true)).toEqual({ kind: 'full', period, until: new Date(until) });
    clock.at = Date.parse(until);
    expect(await reserve('b', 1, true)).toEqual({ kind: 'held' });
  });

  it('at the end of the period that ends last', async () => {
    const { reserve } = open({ hour: { soft: 1, hard: 1 }, day: { soft: 1, hard: 1 } });
    await reserve('a', 1, true);
    expect(await reserve('b', 1, true)).toMatchObject({ period: 'day', until: new Date('2026-11-21T00:00:00Z') });
  });

  it('not because a clock is set back', async () => {
    const { reserve, clock } = open({ hour: { soft: 1, hard: 1 } }, '2026-11-20T13:00:00Z');
    await reserve('a', 1, true);
    clock.at -= 1;
    expect(await reserve('b', 1, true)).toEqual({ kind: 'full', period: 'hour', until: new Date('2026-11-20T14:00:00Z') });
  });
});

it('A limit that the operator changes applies immediately, and a new one includes earlier spending', async () => {
  const { reserve, settle, make } = open({ hour: { soft: 10, hard: 10 } });
  await reserve('a', 10, false);
  await settle('a', 10);
  expect(await make({ hour: { soft: 20, hard: 20 } }).reserve('b', 10, false)).toEqual({ kind: 'held' });
  expect(await make({ day: { soft: 15, hard: 15 } }).reserve('c', 1, false)).toMatchObject({ kind: 'full', period: 'day' });
});

it('Keys outlive their period by a day, and holds for as long as they may be settled', async () => {
  const { reserve, keys, clock } = open({ hour: { soft: 10, hard: 10 } });
  await reserve('a', 1, false);
  const day = 86_400_000;
  const expected: [string, number][] = [
    [keys.budget('hour'), 50 * 60_000 + day],
    [keys.budget('day'), Date.parse('2026-11-21T00:00:00Z') - clock.at + day],
    [keys.budget('month'), Date.parse('2026-12-01T00:00:00Z') - clock.at + day],
    [keys.budgetHold('a'), day],
  ];
  for (const [key, ttl] of expected) {
    const left = await redis.pttl(key);
    expect(left, key).toBeGreaterThan(ttl - 10_000);
    expect(left, key).toBeLessThanOrEqual(ttl);
  }
});

it('Without a test clock it uses the clock of Redis', async () => {
  const keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  const budgets = createBudgets({ redis, keys, budgets: { hour: { soft: 1, hard: 1 } } });
  await budgets.reserve('a', 1, false);
  const answer = await budgets.reserve('b', 1, false);
  const hour = 3_600_000;
  const until = answer.kind === 'full' ? answer.until.getTime() : 0;
  expect(Math.abs(until - Math.ceil(Date.now() / hour) * hour)).toBeLessThan(5_000);
});

it('Without a budget in the config, Redis is not called', () => {
  const keys = createKeys(prefix);
  expect(openBudgets(redis, keys, undefined)).toBeUndefined();
  expect(openBudgets(redis, keys, { currency: 'USD', prices: new Map(), budgets: {} })).toBeUndefined();
});

describe('time until empty', () => {
  const figures = { period: 'hour', spent: 20, reserved: 10, budget: { soft: 80, hard: 90 }, sinceMs: 600_000, leftMs: 3_000_000 } as const;
  it.each([
    ['goes by the pace of the period so far', figures, 1_200],
    ['is without end where nothing was spent', { ...figures, spent: 0, reserved: 0 }, Number.POSITIVE_INFINITY],
    ['is over where nothing is left', { ...figures, spent: 95 }, 0],
    ['is not said of a period without a budget', { ...figures, budget: undefined }, undefined],
  ])('%s', (_how, of, seconds) => {
    expect(secondsUntilEmpty(of)).toBe(seconds);
  });
});
