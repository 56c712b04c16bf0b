/** Amounts are whole micro-units of one currency: 1,000,000 = 1.00. */
export interface Money {
  /** ISO 4217, such as USD. */
  readonly currency: string;
  /** Provider → calling code → price of a segment in micro-units; `other` applies to all other codes. */
  readonly prices: ReadonlyMap<string, Readonly<Record<string, number>>>;
  /** Calendar hours, days and months in UTC. */
  readonly budgets: Readonly<Partial<Record<BudgetPeriod, Budget>>>;
}

/** Micro-units in one unit of the currency. */
export const MICRO = 1_000_000;

export const BUDGET_PERIODS = ['hour', 'day', 'month'] as const;
export type BudgetPeriod = (typeof BUDGET_PERIODS)[number];

export interface Budget {
  /** Limit above which only criticals are sent, micro-units. */
  readonly soft: number;
  /** Limit for all messages, micro-units. */
  readonly hard: number;
}
