import type { CapRule, RateCap } from '../../../src/limit/caps/rate-cap.ts';
import type { Redis } from '../../../src/redis/connect.ts';
import { runStep } from '../../../src/redis/run-scripts.ts';

/** Settles a slot by a call of its own; a dispatcher does it in the call that stores the answer. */
export async function settleSlot(redis: Redis, cap: Pick<RateCap, 'settleStep'>, slot: string, rules: readonly CapRule[]): Promise<void> {
  const step = cap.settleStep(slot, rules);
  if (step !== undefined) await runStep(redis, step);
}
