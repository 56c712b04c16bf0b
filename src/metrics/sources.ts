import type { HeldCriticals } from '../ledger/criticals.ts';
import type { BudgetFigures } from '../limit/budget/budget.ts';
import type { CapFigures } from '../overview/cap-figures.ts';
import type { QueueFigures } from '../overview/queue-figures.ts';
import type { RedisFigures } from '../overview/redis-figures.ts';

/** Critical messages that are put off, and the names of the routes of the config. */
export interface HeldFigures {
  readonly groups: readonly HeldCriticals[];
  readonly routes: readonly string[];
}

/**
 * Figures of the whole system, read from Redis at every scrape. A read may reject or hang: the scrape goes on without it.
 */
export interface Sources {
  /** Messages without an outcome. */
  inFlight(): Promise<number>;
  queues(): Promise<readonly QueueFigures[]>;
  /** Critical messages that something keeps from being sent. */
  held?(): Promise<HeldFigures>;
  /** Messages of which nobody knows whether they were sent. */
  unknown?(): Promise<number>;
  /** What counts against the caps over all recipients; empty where none is set. */
  caps?(): Promise<readonly CapFigures[]>;
  /** `null` where Redis tells nothing of itself. */
  redis?(): Promise<RedisFigures | null>;
  /** Empty where the config sets no budget. */
  budgets?(): Promise<readonly BudgetFigures[]>;
}

/** Values of the label `source` of `sms_scrape_errors_total`. */
export const SOURCE_NAMES = ['in_flight', 'queues', 'criticals', 'unknown', 'caps', 'redis', 'budgets'] as const;
