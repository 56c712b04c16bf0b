import { setTimeout as pause } from 'node:timers/promises';
import { HttpProblem } from '../problem.ts';

/** How long a wrong token waits for its answer. */
const WAIT_MS = 1000;
/** So many may wait: together they are the most that anybody can try in `WAIT_MS`. */
const MOST = 10;

/** Keeps tokens from being guessed, in this process, at the cost of at most `MOST` requests that wait. */
export interface Brake {
  /** Before a token is looked at. @throws {HttpProblem} `too-many-tries` while as many wrong ones wait as may */
  check(): void;
  /** After a wrong one. */
  slow(): Promise<void>;
}

export function createBrake(waitMs = WAIT_MS): Brake {
  let waiting = 0;
  return {
    check() {
      if (waiting < MOST) return;
      throw new HttpProblem('too-many-tries', { detail: 'Try again in a few seconds.', headers: { 'retry-after': '2' } });
    },
    async slow() {
      waiting += 1;
      await pause(waitMs);
      waiting -= 1;
    },
  };
}
