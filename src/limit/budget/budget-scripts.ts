import { nowLua } from '../../redis/clock/redis-clock.ts';
import { defineScript, noReply } from '../../redis/define-script.ts';
import { BUDGET_HOLD_TTL_MS } from '../../redis/keys.ts';
import { luaPart } from '../../redis/lua-source.ts';
import { BUDGET_PERIODS, type BudgetPeriod } from './money.ts';

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
const booksLua = luaPart(new URL('books.lua', import.meta.url), {
  constants: { HOUR: position('hour'), DAY: position('day'), HOUR_MS: 3_600_000, DAY_MS: 86_400_000 },
  includes: [nowLua],
});
/** Lua function `keepBook(book)`. */
const keepBookLua = luaPart(new URL('keep-book.lua', import.meta.url), { includes: [booksLua] });

/**
 * `limits`: of each period what this message may fill it to. Answers `full` with the period, from 1, that is full the longest,
 * and how long until it ends.
 */
export const reserveBudgetScript = defineScript(new URL('reserve-budget.lua', import.meta.url), {
  keys: ['hold', '...books'],
  args: { now: 'number?', price: 'number', limits: [{ micro: 'number?' }] },
  reply: { held: {}, full: { period: 'number', endsInMs: 'number' } },
  constants: { BUDGET_HOLD_TTL_MS },
  includes: [keepBookLua],
});

/** `cost`: what it did cost; 0 for a message that was not sent. A period that is over by now keeps what was reserved in it. */
export const settleBudgetScript = defineScript(new URL('settle-budget.lua', import.meta.url), {
  keys: ['hold', '...books'],
  args: { now: 'number?', cost: 'number' },
  reply: noReply,
  includes: [keepBookLua],
});

/** Of each period: spent, reserved, ms since it began, ms until it ends. Writes nothing. */
export const readBudgetsScript = defineScript(new URL('read-budgets.lua', import.meta.url), {
  keys: ['...books'],
  args: { now: 'number?' },
  reply: (figures) => figures as readonly (readonly [spent: string, reserved: string, sinceMs: number, leftMs: number])[],
  includes: [booksLua],
});
