import type { History } from './history.ts';
import type { Random } from './random.ts';

/** Takes what must be done in the end; what came last is done first. */
export type OnEnd = (end: () => Promise<unknown>) => void;

/** What a scenario is given. */
export interface Given {
  /** All that is left to chance is left to this. */
  readonly random: Random;
  readonly onEnd: OnEnd;
  /** One process does it all, which takes less time to start; nothing may be done to a single one then. */
  readonly inOne?: boolean;
}

export interface Told {
  readonly history: History;
  /** Promises of this scenario alone that were not kept, in words. */
  readonly broken?: readonly string[];
  /** Figures worth a look. */
  readonly note?: string;
}

/** One fault, and the traffic that meets it. */
export type Scenario = (given: Given) => Promise<Told>;

/** Words for each of the conditions that does not hold. */
export function unmet(conditions: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(conditions)
    .filter(([, holds]) => !holds)
    .map(([what]) => `not so: ${what}`);
}
