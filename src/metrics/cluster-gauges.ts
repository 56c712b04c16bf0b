import { type BudgetFigures, leftOf, secondsUntilEmpty } from '../limit/budget.ts';
import { MICRO } from '../limit/money.ts';
import { createBoundedRead } from './bounded-read.ts';
import type { Instruments } from './register.ts';
import { QUEUE_STATES, type SOURCE_NAMES, type Sources } from './sources.ts';

export interface ClusterGauges {
  /** Reads the sources and sets the gauges. A source without an answer is counted, and its gauges are emptied: no figure is better than an old one. */
  refresh(): Promise<void>;
}

type BudgetGauges = Pick<Instruments, 'budgetSpent' | 'budgetLimit' | 'budgetLeft' | 'budgetEmpty'>;
type Gauges = Pick<Instruments, 'inFlight' | 'queueJobs' | 'queueOldest' | 'scrapeErrors'> & BudgetGauges;

export function createClusterGauges(gauges: Gauges, sources: Sources, boundMs: number): ClusterGauges {
  const readInFlight = createBoundedRead(() => sources.inFlight(), boundMs);
  const readQueues = createBoundedRead(() => sources.queues(), boundMs);
  const readBudgets = createBoundedRead(async () => (await sources.budgets?.()) ?? [], boundMs);
  const failed = (source: (typeof SOURCE_NAMES)[number]) => gauges.scrapeErrors.inc({ source });

  return {
    refresh: async () => {
      const [inFlight, queues, budgets] = await Promise.all([readInFlight(), readQueues(), readBudgets()]);

      gauges.inFlight.remove();
      if (inFlight === undefined) failed('in_flight');
      else gauges.inFlight.set(inFlight);

      gauges.queueJobs.reset();
      gauges.queueOldest.reset();
      if (queues === undefined) failed('queues');
      for (const { queue, counts, oldestAgeSeconds } of queues ?? []) {
        for (const state of QUEUE_STATES) gauges.queueJobs.set({ queue, state }, counts[state]);
        gauges.queueOldest.set({ queue }, oldestAgeSeconds);
      }

      if (budgets === undefined) failed('budgets');
      showBudgets(gauges, budgets ?? []);
    },
  };
}

/** A period without a budget has what was spent in it, and no limit. */
function showBudgets(gauges: BudgetGauges, figures: readonly BudgetFigures[]): void {
  for (const gauge of [gauges.budgetSpent, gauges.budgetLimit, gauges.budgetLeft, gauges.budgetEmpty]) gauge.reset();
  for (const running of figures) {
    const { period, spent, reserved, budget } = running;
    gauges.budgetSpent.set({ period }, (spent + reserved) / MICRO);
    if (budget === undefined) continue;
    gauges.budgetLimit.set({ period, limit: 'soft' }, budget.soft / MICRO);
    gauges.budgetLimit.set({ period, limit: 'hard' }, budget.hard / MICRO);
    gauges.budgetLeft.set({ period }, (leftOf(running) ?? 0) / MICRO);
    gauges.budgetEmpty.set({ period }, secondsUntilEmpty(running) ?? 0);
  }
}
