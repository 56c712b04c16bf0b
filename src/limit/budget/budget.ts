import { clockOf, nowLua } from '../../redis/clock/redis-clock.ts';
import type { Redis } from '../../redis/connect.ts';
import { defineScript, noReply } from '../../redis/define-script.ts';
import { BUDGET_HOLD_TTL_MS, type Keys } from '../../redis/keys.ts';
import { luaPart } from '../../redis/lua-source.ts';
import { BUDGET_PERIODS, type Budget, type BudgetPeriod, type Money } from './money.ts';

const position = (period: BudgetPeriod) => BUDGET_PERIODS.indexOf(period) + 1;

/**
 * The books of the running hour, day and month, UTC by Redis' own clock. Each is a hash: when its period began, what is
 * spent and what is reserved, micro-units. A book turns its page when a later period begins, never back to an earlier
 * one, so that a clock that is set back gives no money a second time. A hold is one message's reservation with the periods
 * that it counts in; once it is settled or released it is gone, and the same call sent again finds nothing to do.
 *
 * Lua variable `now` and functions `bookOf(period)`, `whole(n)`. Needs `keys.books`, in the order of the periods, and
 * `args.now`: ms, `undefined` for Redis' own clock.
 */
const budgetPeriodsLua = luaPart(new URL('budget-periods.lua', import.meta.url), {
  constants: { HOUR: position('hour'), DAY: position('day'), HOUR_MS: 3_600_000, DAY_MS: 86_400_000 },
  includes: [nowLua],
});
/** Lua function `keepBook(book)`. */
const keepBookLua = luaPart(new URL('keep-book.lua', import.meta.url), { includes: [budgetPeriodsLua] });

/**
 * `limits`: of each period what this message may fill it to. Answers `full` with the period, from 1, that is full the longest,
 * and how long until it ends.
 */
const reserveBudgetScript = defineScript(new URL('reserve-budget.lua', import.meta.url), {
  keys: ['hold', '...books'],
  args: { now: 'number?', price: 'number', limits: [{ micro: 'number?' }] },
  reply: { held: {}, full: { period: 'number', endsInMs: 'number' } },
  constants: { BUDGET_HOLD_TTL_MS },
  includes: [keepBookLua],
});

/** `cost`: what it did cost; 0 for a message that was not sent. A period that is over by now keeps what was reserved in it. */
const settleBudgetScript = defineScript(new URL('settle-budget.lua', import.meta.url), {
  keys: ['hold', '...books'],
  args: { now: 'number?', cost: 'number' },
  reply: noReply,
  includes: [keepBookLua],
});

/** Of each period: spent, reserved, ms since it began, ms until it ends. Writes nothing. */
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
      /** Of those that are full, the one that ends last. */
      readonly period: BudgetPeriod;
      /** When it ends, by this machine's clock. */
      readonly until: Date;
    };

/** Of one running period. Amounts in micro-units. */
export interface BudgetFigures {
  readonly period: BudgetPeriod;
  /** What was settled. */
  readonly spent: number;
  /** Of texts under way, and of those whose worker died over them, until the period ends. */
  readonly reserved: number;
  /** Absent for a period without a budget. */
  readonly budget: Budget | undefined;
  /** How long it has run, and how long it still runs. */
  readonly sinceMs: number;
  readonly leftMs: number;
}

/**
 * What may be spent in the running hour, day and month. A text counts in the periods in which it was reserved. Nothing is
 * held that would lift spent and reserved above a limit; a vendor that bills more than was reserved for may lift them
 * above it afterwards, and then nothing more is held until the period ends.
 */
export interface Budgets {
  /**
   * Holds the price in every period, or in none. A token is held once, however often it is asked for.
   * @param micro price in micro-units
   * @param critical may use what lies between soft and hard
   */
  reserve(token: string, micro: number, critical: boolean): Promise<BudgetHold>;
  /** What `reserve` would answer now; holds nothing. */
  look(micro: number, critical: boolean): Promise<BudgetHold>;
  /** The text was taken: what it did cost takes the place of what was held. */
  settle(token: string, micro: number): Promise<void>;
  /** The text surely was not sent. */
  release(token: string): Promise<void>;
  read(): Promise<readonly BudgetFigures[]>;
}

interface BudgetOptions {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly budgets: Money['budgets'];
  /** ms; only for tests. Without it Redis' own clock rules, the same for all replicas. */
  readonly now?: () => number;
}

/** All three periods are kept, budget or not, so that one that is given a budget later knows what was spent in it. */
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

/** `undefined` where the config sets no budget: then nothing is asked of Redis. */
export function openBudgets(redis: Redis, keys: Keys, money: Money | undefined): Budgets | undefined {
  if (money === undefined || Object.keys(money.budgets).length === 0) return undefined;
  return createBudgets({ redis, keys, budgets: money.budgets });
}

/** What a text may still cost in a period with a budget, micro-units. */
export function leftOf({ spent, reserved, budget }: BudgetFigures): number | undefined {
  return budget && Math.max(0, budget.hard - spent - reserved);
}

/** Seconds until nothing is left at the pace of the running period: 0 when nothing is, infinite when nothing was spent yet. */
export function secondsUntilEmpty(figures: BudgetFigures): number | undefined {
  const left = leftOf(figures);
  if (left === undefined || left === 0) return left;
  return (left * figures.sinceMs) / 1000 / (figures.spent + figures.reserved);
}
