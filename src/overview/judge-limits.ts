import type { Finding } from './finding.ts';
import type { Overview } from './overview.ts';
import { percent } from './percent.ts';

/** Of what may be spent at all. */
const NEARLY = 0.9;

export function judgeBudgets({ budgets }: Overview): Finding[] {
  return budgets.flatMap(({ period, spent, reserved, budget }): Finding[] => {
    if (budget === undefined) return [];
    const used = spent + reserved;
    const todo = 'Find out what raises so many alerts, or raise `money.budgets` in the config.';
    if (used >= budget.hard)
      return [{ level: 'alarm', what: `The budget of the ${period} is spent: nothing is texted until it ends.`, todo }];
    const nearly = used / budget.hard >= NEARLY;
    const isPastSoft = used >= budget.soft;
    if (nearly) {
      const next = isPastSoft ? ' Only criticals are texted; at 100% nobody is.' : '';
      return [{ level: 'concern', what: `${percent(used, budget.hard)} of the budget of the ${period} is spent.${next}`, todo }];
    }
    if (!isPastSoft) return [];
    return [{ level: 'concern', what: `The soft budget of the ${period} is spent: only criticals are texted until it ends.`, todo }];
  });
}

export function judgeCaps({ caps }: Overview): Finding[] {
  return caps.flatMap(({ used, max, criticalReserve }): Finding[] => {
    const todo = 'Find out what raises so many alerts before you raise `caps.perHour`.';
    if (used >= max) return [{ level: 'alarm', what: `The cap of ${max} texts an hour is full: texts wait.`, todo }];
    if (used < max - criticalReserve) return [];
    return [{ level: 'concern', what: `${used} of ${max} texts an hour are used: only criticals pass.`, todo }];
  });
}
