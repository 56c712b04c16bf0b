import { Redis } from 'ioredis';
import { createRateCap } from '../../../src/limit/caps/bottleneck-cap.ts';
import type { CapRule } from '../../../src/limit/caps/rate-cap.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { settleSlot } from './settle-slot.ts';

/** What a process of its own is told to do; it answers with a {@link Report}, once all of it is done. */
export interface Task {
  readonly url: string;
  readonly prefix: string;
  /** Asked for in this order, all in flight together. */
  readonly texts: readonly { readonly slot: string; readonly rules: readonly CapRule[] }[];
  /** Instead of once, asks again and again for so long, and settles what it got at once. */
  readonly forMs?: number;
}

export interface Report {
  /** Slots that were granted, and when by this machine's clock, which is Redis' too, ms. */
  readonly granted: readonly { readonly slot: string; readonly at: number }[];
  readonly refused: number;
}

process.once('message', async (task: Task) => {
  const redis = new Redis(task.url);
  const cap = createRateCap({ redis, keys: createKeys(task.prefix) });
  const granted: { slot: string; at: number }[] = [];
  let refused = 0;
  const attempt = async (slot: string, rules: readonly CapRule[]) => {
    const reservation = await cap.reserve(slot, rules);
    if (reservation.kind === 'full') {
      refused += 1;
      return;
    }
    granted.push({ slot, at: Date.now() });
    if (task.forMs !== undefined) await settleSlot(redis, cap, slot, rules);
  };
  if (task.forMs === undefined) await Promise.all(task.texts.map(({ slot, rules }) => attempt(slot, rules)));
  else {
    const end = performance.now() + task.forMs;
    for (let round = 0; performance.now() < end; round += 1) {
      for (const { slot, rules } of task.texts) await attempt(`${slot}-${round}`, rules);
    }
  }
  process.send?.({ granted, refused } satisfies Report);
  // Stays, and with it whatever it holds, until it is killed or let go.
  process.once('message', () => process.exit(0));
});
