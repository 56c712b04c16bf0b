/** Amounts are whole micro-units of one currency: 1,000,000 = 1.00. */
export interface Money {
  /** ISO 4217, such as USD. */
  readonly currency: string;
  /** Provider → calling code → price of a segment in micro-units; `other` stands for all the rest. */
  readonly prices: ReadonlyMap<string, Readonly<Record<string, number>>>;
  /** Calendar hours, days and months in UTC. */
  readonly budgets: Readonly<Partial<Record<BudgetPeriod, Budget>>>;
}

/** Of these make one unit of the currency. */
export const MICRO = 1_000_000;

export const BUDGET_PERIODS = ['hour', 'day', 'month'] as const;
export type BudgetPeriod = (typeof BUDGET_PERIODS)[number];

export interface Budget {
  /** From here on only criticals are sent, micro-units. */
  readonly soft: number;
  /** Never more than this, micro-units. */
  readonly hard: number;
}
