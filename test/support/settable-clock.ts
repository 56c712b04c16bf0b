import type { Clock } from '../../src/clock.ts';

/** Stands still until it is moved. */
export interface SettableClock extends Clock {
  /** ms since the epoch. */
  at: number;
}

export function createSettableClock(at: number): SettableClock {
  return {
    at,
    now() {
      return new Date(this.at);
    },
  };
}
