import { ConfigError } from '../../config/fault.ts';
import { type BudgetFigures, leftOf, secondsUntilEmpty } from '../../limit/budget/budget.ts';
import { MICRO } from '../../limit/budget/money.ts';
import { formatTable } from '../../text/format-table.ts';
import { formatElapsed, formatTime } from '../../text/format-time.ts';
import type { CliDeps } from '../cli-deps.ts';
import { CliFailure } from '../cli-failure.ts';
import { printJson, type StoreOptions } from '../command-context.ts';
import { soundConfig, storeConfig } from '../store-config.ts';
import { withBudgets } from '../with-redis.ts';

export async function printBudget(deps: CliDeps, options: StoreOptions): Promise<number> {
  const config = await storeConfig(deps, options);
  const { money } = config;
  if (money === undefined || Object.keys(money.budgets).length === 0) {
    await soundConfig(deps, options).catch((error: unknown) => {
      if (!(error instanceof ConfigError)) throw error;
      throw new CliFailure('the config has faults; its budgets cannot be read', 'sms-dispatch config check');
    });
    throw new CliFailure('the config sets no budget', 'money: { budgets: { day: { hard: 50 } } }');
  }
  const figures = await withBudgets(deps, config, (budgets) => budgets.read());
  const rows = figures.map((running) => rowOf(running, deps.now()));
  if (options.json) printJson(deps, { currency: money.currency, periods: rows });
  else deps.stdout.write(`${format(rows, money.currency)}\n`);
  return 0;
}

type Row = ReturnType<typeof rowOf>;

/** Amounts in units of the currency. */
function rowOf(running: BudgetFigures, now: Date) {
  const { period, spent, reserved, budget, leftMs } = running;
  const left = leftOf(running);
  const seconds = secondsUntilEmpty(running);
  return {
    period,
    spent: spent / MICRO,
    reserved: reserved / MICRO,
    left: left === undefined ? null : left / MICRO,
    soft: budget === undefined ? null : budget.soft / MICRO,
    hard: budget === undefined ? null : budget.hard / MICRO,
    /** At the current rate; null where nothing was spent or there is no limit. */
    emptyInSeconds: seconds === undefined || seconds === Number.POSITIVE_INFINITY ? null : seconds,
    endsAt: new Date(now.getTime() + leftMs).toISOString(),
  };
}

function format(rows: readonly Row[], currency: string): string {
  const sum = (amount: number | null) => (amount === null ? '-' : amount.toFixed(4));
  return formatTable([
    [currency, 'SPENT', 'RESERVED', 'LEFT', 'SOFT', 'HARD', 'EMPTY IN', 'ENDS'],
    ...rows.map(({ period, spent, reserved, left, soft, hard, emptyInSeconds, endsAt }) => [
      period,
      sum(spent),
      sum(reserved),
      sum(left),
      sum(soft),
      sum(hard),
      emptyInSeconds === null ? '-' : formatElapsed(emptyInSeconds * 1000),
      formatTime(endsAt),
    ]),
  ]);
}
