import type { BudgetFigures } from '../limit/budget.ts';

export const QUEUE_STATES = ['waiting', 'prioritized', 'active', 'delayed', 'failed'] as const;
export type QueueState = (typeof QUEUE_STATES)[number];

export interface QueueFigures {
  readonly queue: string;
  readonly counts: Readonly<Record<QueueState, number>>;
  /** Of the oldest job that waits for a worker; 0 when none does. */
  readonly oldestAgeSeconds: number;
}

/**
 * Figures of the whole system, read from Redis at every scrape. A read may reject or hang: the scrape goes on without it.
 */
export interface Sources {
  /** Messages without an outcome. */
  inFlight(): Promise<number>;
  queues(): Promise<readonly QueueFigures[]>;
  /** Empty where the config sets no budget. */
  budgets?(): Promise<readonly BudgetFigures[]>;
}

/** Values of the label `source` of `sms_scrape_errors_total`. */
export const SOURCE_NAMES = ['in_flight', 'queues', 'budgets'] as const;
