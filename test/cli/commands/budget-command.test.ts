import { expect, test } from 'vitest';
import { ConfigError } from '../../../src/config/fault.ts';
import type { BudgetFigures } from '../../../src/limit/budget/budget.ts';
import type { Money } from '../../../src/limit/budget/money.ts';
import { NOW } from '../../support/fixtures/history.ts';
import { type } from '../recording-deps.ts';

const MINUTE_MS = 60_000;
const hour = { soft: 5_000_000, hard: 10_000_000 };
const money: Money = { currency: 'EUR', prices: new Map(), budgets: { hour } };
const running = { sinceMs: 10 * MINUTE_MS, leftMs: 50 * MINUTE_MS };
const budgets: readonly BudgetFigures[] = [
  { period: 'hour', spent: 2_492_100, reserved: 7_900, budget: hour, ...running },
  { period: 'day', spent: 2_492_100, reserved: 7_900, budget: undefined, ...running },
];

test('budget shows what is spent and left of each period', async () => {
  const { code, stdout, calls } = await type(['budget'], { money, budgets });
  const ends = `${new Date(NOW.getTime() + 50 * MINUTE_MS).toISOString().replace('T', ' ').slice(0, 19)} UTC`;
  expect(stdout.split('\n')).toEqual([
    'EUR   SPENT   RESERVED  LEFT    SOFT    HARD     EMPTY IN    ENDS',
    `hour  2.4921  0.0079    7.5000  5.0000  10.0000  30 min 0 s  ${ends}`,
    `day   2.4921  0.0079    -       -       -        -           ${ends}`,
    '',
  ]);
  expect(calls.at(-1)).toEqual(['close budgets']);
  expect(code).toBe(0);
});

test('--json gives the figures to a program', async () => {
  const { stdout } = await type(['budget', '--json'], { money, budgets: budgets.slice(0, 1) });
  expect(JSON.parse(stdout)).toEqual({
    currency: 'EUR',
    periods: [
      {
        period: 'hour',
        spent: 2.4921,
        reserved: 0.0079,
        left: 7.5,
        soft: 5,
        hard: 10,
        emptyInSeconds: 1_800,
        endsAt: new Date(NOW.getTime() + 50 * MINUTE_MS).toISOString(),
      },
    ],
  });
});

test.each([{}, { money: { ...money, budgets: {} } }])('without a budget in the config it explains how to set one', async (world) => {
  const { code, stderr, calls } = await type(['budget'], world);
  expect(code).toBe(1);
  expect(stderr).toContain('the config sets no budget\nmoney: {');
  expect(calls.every(([call]) => call === 'loadConfig')).toBe(true);
});

test('of a config with faults it does not say that it sets no budget', async () => {
  const { code, stderr } = await type(['budget'], {
    loadConfig: () => {
      throw new ConfigError([{ path: 'routs', file: 'x.yaml', line: 7, message: 'unknown key' }]);
    },
  });
  expect(code).toBe(1);
  expect(stderr).toContain('the config has faults; its budgets cannot be read\nsms-dispatch config check');
  expect(stderr).not.toContain('sets no budget');
});
