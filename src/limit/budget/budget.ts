import { clockOf, nowLua } from '../../redis/clock/redis-clock.ts';
import type { Redis } from '../../redis/connect.ts';
import { defineScript, noReply } from '../../redis/define-script.ts';
import { BUDGET_HOLD_TTL_MS, type Keys } from '../../redis/keys.ts';
import { luaPart } from '../../redis/lua-source.ts';
import { BUDGET_PERIODS, type Budget, type BudgetPeriod, type Money } from './money.ts';

const position = (period: BudgetPeriod) => BUDGET_PERIODS.indexOf(period) + 1;

/**
 * Budget periods: the current hour, day and month, in UTC by the Redis clock. Each is a hash with its start and the
 * amounts spent and reserved, in micro-units. A period is replaced only by a later one, never by an earlier one, so
 * that setting the clock back does not make money available again. A hold is one message's reservation with the periods
 * that it counts in; once settled or released it is removed, and a repeated call has no effect.
 *
 * Lua variable `now` and functions `bookOf(period)`, `whole(n)`. Needs `keys.books`, in the order of the periods, and
 * `args.now`: ms, `undefined` for the Redis clock.
 */
const budgetPeriodsLua = luaPart(new URL('budget-periods.lua', import.meta.url), {
  constants: { HOUR: position('hour'), DAY: position('day'), HOUR_MS: 3_600_000, DAY_MS: 86_400_000 },
  includes: [nowLua],
});
/** Lua function `keepBook(book)`. */
const keepBookLua = luaPart(new URL('keep-book.lua', import.meta.url), { includes: [budgetPeriodsLua] });

/**
 * Reserves the cost of a message. `limits`: for each period, the amount up to which this message may fill it. Returns
 * `full` with the period, from 1, that stays full the longest, and the time until it ends.
 */
const reserveBudgetScript = defineScript(new URL('reserve-budget.lua', import.meta.url), {
  keys: ['hold', '...books'],
  args: { now: 'number?', price: 'number', limits: [{ micro: 'number?' }] },
  reply: { held: {}, full: { period: 'number', endsInMs: 'number' } },
  constants: { BUDGET_HOLD_TTL_MS },
  includes: [keepBookLua],
});

/** Replaces a reservation with `cost`: the actual cost, 0 for a message that was not sent. A period that has ended keeps what was reserved in it. */
const settleBudgetScript = defineScript(new URL('settle-budget.lua', import.meta.url), {
  keys: ['hold', '...books'],
  args: { now: 'number?', cost: 'number' },
  reply: noReply,
  includes: [keepBookLua],
});

/** Returns for each period: spent, reserved, ms since it began, ms until it ends. Writes nothing. */
const readBudgetsScript = defineScript(new URL('read-budgets.lua', import.meta.url), {
  keys: ['...books'],
  args: { now: 'number?' },
  reply: (figures) => figures as readonly (readonly [spent: string, reserved: string, sinceMs: number, leftMs: number])[],
  includes: [budgetPeriodsLua],
});

export type BudgetHold =
  | { readonly kind: 'held' }
  | {
      readonly kind: 'full';
      /** The full period that ends last. */
      readonly period: BudgetPeriod;
      /** When it ends, by the clock of this machine. */
      readonly until: Date;
    };

/** Figures of one current period. Amounts in micro-units. */
export interface BudgetFigures {
  readonly period: BudgetPeriod;
  /** Settled amount. */
  readonly spent: number;
  /** Amount reserved for messages in flight, and until the period ends for those whose worker crashed. */
  readonly reserved: number;
  /** Absent for a period without a budget. */
  readonly budget: Budget | undefined;
  /** Elapsed and remaining time of the period. */
  readonly sinceMs: number;
  readonly leftMs: number;
}

/**
 * Spending limits of the current hour, day and month. A message counts in the periods in which it was reserved. No
 * reservation may raise spent plus reserved above a limit. A vendor that bills more than was reserved may raise it
 * above the limit afterwards; then nothing more is reserved until the period ends.
 */
export interface Budgets {
  /**
   * Reserves the price in every period, or in none. Idempotent per token.
   * @param micro price in micro-units
   * @param critical may use the amount between soft and hard
   */
  reserve(token: string, micro: number, critical: boolean): Promise<BudgetHold>;
  /** Returns what `reserve` would return now; reserves nothing. */
  look(micro: number, critical: boolean): Promise<BudgetHold>;
  /** Records the actual cost of an accepted message in place of its reservation. */
  settle(token: string, micro: number): Promise<void>;
  /** Releases the reservation of a message that was certainly not sent. */
  release(token: string): Promise<void>;
  read(): Promise<readonly BudgetFigures[]>;
}

interface BudgetOptions {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly budgets: Money['budgets'];
  /** Current time in ms; only for tests. By default the Redis clock, which is the same for all replicas. */
  readonly now?: () => number;
}

/** Keeps all three periods, with or without a budget, so that a budget configured later includes what was already spent. */
export function createBudgets({ redis, keys, budgets, now }: BudgetOptions): Budgets {
  const books = BUDGET_PERIODS.map((period) => keys.budget(period));
  const at = () => now?.();
  const since = (asked: number | undefined) => asked ?? clockOf(redis).now().getTime();
  const settle = async (token: string, micro: number) => {
    await settleBudgetScript(redis, { keys: { hold: keys.budgetHold(token), books }, args: { now: at(), cost: micro } });
  };

  const read: Budgets['read'] = async () => {
    const figures = await readBudgetsScript(redis, { keys: { books }, args: { now: at() } });
    return BUDGET_PERIODS.map((period, index) => {
      const [spent, reserved, sinceMs, leftMs] = figures[index] ?? [0, 0, 0, 0];
      return { period, spent: Number(spent), reserved: Number(reserved), budget: budgets[period], sinceMs: Math.max(0, sinceMs), leftMs };
    });
  };

  return {
    async reserve(token, micro, critical) {
      const limits = BUDGET_PERIODS.map((period) => ({ micro: critical ? budgets[period]?.hard : budgets[period]?.soft }));
      const asked = at();
      const answer = await reserveBudgetScript(redis, {
        keys: { hold: keys.budgetHold(token), books },
        args: { now: asked, price: micro, limits },
      });
      if (answer.kind === 'held') return answer;
      const period = BUDGET_PERIODS[answer.period - 1] as BudgetPeriod;
      return { kind: 'full', period, until: new Date(since(asked) + answer.endsInMs) };
    },
    async look(micro, critical) {
      const asked = at();
      const full = (await read()).filter(({ budget, spent, reserved }) => {
        return budget !== undefined && spent + reserved + micro > (critical ? budget.hard : budget.soft);
      });
      const [last] = full.toSorted((a, b) => b.leftMs - a.leftMs);
      if (last === undefined) return { kind: 'held' };
      return { kind: 'full', period: last.period, until: new Date(since(asked) + last.leftMs) };
    },
    settle,
    release: (token) => settle(token, 0),
    read,
  };
}

/** `undefined` where no budget is configured: then Redis is not called. */
export function openBudgets(redis: Redis, keys: Keys, money: Money | undefined): Budgets | undefined {
  if (money === undefined || Object.keys(money.budgets).length === 0) return undefined;
  return createBudgets({ redis, keys, budgets: money.budgets });
}

/** Amount left in a period with a budget, micro-units. */
export function leftOf({ spent, reserved, budget }: BudgetFigures): number | undefined {
  return budget && Math.max(0, budget.hard - spent - reserved);
}

/** Seconds until nothing is left at the rate of the current period: 0 if nothing is left, infinite if nothing was spent. */
export function secondsUntilEmpty(figures: BudgetFigures): number | undefined {
  const left = leftOf(figures);
  if (left === undefined || left === 0) return left;
  return (left * figures.sinceMs) / 1000 / (figures.spent + figures.reserved);
}
