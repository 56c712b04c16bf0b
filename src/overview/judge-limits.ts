import type { BudgetFigures } from '../limit/budget/budget.ts';
import { MICRO } from '../limit/budget/money.ts';
import { type HealthFinding, percent } from './finding.ts';
import type { RouteLane } from './lanes.ts';
import type { Overview } from './overview.ts';

/** Warning threshold, as a share of the hard limit. */
const NEARLY = 0.9;

const BUDGET_STEP = {
  hint: 'See what is left; raise `money.budgets`, or find the source of so many alerts',
  command: 'sms-dispatch budget',
};

export function judgeBudgets({ budgets, routes, currency }: Pick<Overview, 'budgets' | 'routes' | 'currency'>): HealthFinding[] {
  return budgets.flatMap((figures): HealthFinding[] => {
    const { period, spent, reserved, budget } = figures;
    if (budget === undefined) return [];
    const used = spent + reserved;
    if (used >= budget.hard) {
      const text = `The budget of the ${period} is spent: nothing is sent until it ends.`;
      return [{ level: 'critical', kind: 'budget_spent', reason: 'budget', text, ...BUDGET_STEP }];
    }
    const unpaid = judgePrices(period, budget.hard - used, routes, currency);
    if (unpaid.some(({ level }) => level === 'critical')) return unpaid;
    const nearly = used / budget.hard >= NEARLY;
    const cheapest = Math.min(...routes.map(({ price }) => price?.cheapest ?? 0));
    const isPastSoft = used >= budget.soft || (budget.soft < budget.hard && used + cheapest > budget.soft);
    if (nearly) {
      const next = isPastSoft ? ' Only criticals are sent; at 100% they are not either.' : '';
      const text = `${percent(used, budget.hard)} of the budget of the ${period} is spent.${next}`;
      return [...unpaid, { level: 'warning', kind: 'budget_nearly_spent', reason: 'budget', text, ...BUDGET_STEP }];
    }
    if (!isPastSoft) return unpaid;
    const text = `The soft budget of the ${period} is spent: only criticals are sent until it ends.`;
    return [...unpaid, { level: 'warning', kind: 'budget_soft', reason: 'budget', text, ...BUDGET_STEP }];
  });
}

/** Finds routes whose next critical message costs more than the hard limit leaves. */
function judgePrices(
  period: BudgetFigures['period'],
  left: number,
  routes: readonly RouteLane[],
  currency: string | null,
): HealthFinding[] {
  const amount = (micro: number) => `${Number((micro / MICRO).toFixed(6))} ${currency ?? ''}`.trimEnd();
  const base = { kind: 'budget_price', reason: 'budget', ...BUDGET_STEP } as const;
  return routes.flatMap(({ route, price }): HealthFinding[] => {
    if (price === undefined || price.dearest <= left) return [];
    const rest = `${amount(left)} is left of the budget of the ${period}`;
    const isAll = price.cheapest > left;
    const text = isAll
      ? `Route ${route} sends nothing: a message costs at least ${amount(price.cheapest)}, and ${rest}.`
      : `Route ${route} does not reach every country: a message costs up to ${amount(price.dearest)}, and ${rest}.`;
    return [{ ...base, level: isAll ? 'critical' : 'warning', route, text }];
  });
}

export function judgeCaps({ caps }: Pick<Overview, 'caps'>): HealthFinding[] {
  const next = { hint: 'Find the source of so many alerts before you raise `caps.perHour`', command: 'sms-dispatch explain' };
  return caps.flatMap(({ used, max, criticalReserve }): HealthFinding[] => {
    const reason = 'rate_cap_hour';
    if (used >= max) {
      return [
        { level: 'critical', kind: 'cap_full', reason, text: `The cap of ${max} messages per hour is full: messages wait.`, ...next },
      ];
    }
    if (used < max - criticalReserve) return [];
    const text = `${used} of ${max} messages per hour are used: only criticals pass.`;
    return [{ level: 'warning', kind: 'cap_reserve', reason, text, ...next }];
  });
}
