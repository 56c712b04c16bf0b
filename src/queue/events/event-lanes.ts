import { setTimeout as pause } from 'node:timers/promises';

/** Concurrent calls per webhook that are always allowed. */
export const SHARE = 10;
/** Additional concurrent calls for a webhook that responds quickly. */
const MOST = 2 * SHARE;
/** A webhook slower than this gets no additional calls. */
const SLOW_MS = 1_000;
/** Longest delay of one deferral: a slow webhook may recover. */
const LONGEST_WAIT_MS = 30_000;

/** Whether an event may be sent now. After `now` the caller must call `leave`. */
export type Turn = { readonly kind: 'now'; leave(): void } | { readonly kind: 'later'; readonly until: Date };

interface Lane {
  /** Subject of each call in flight → start time, monotonic ms. */
  readonly calls: Map<string, number>;
  waiting: (() => void)[];
  /** Duration of the last call, ms. */
  lastMs: number;
  /** Return time of the latest deferred event, ms since the epoch. */
  turnAt: number;
}

/**
 * Keeps a slow webhook from using up the process's concurrency. Events with the same subject, such as one message, are sent one at a time,
 * in order of arrival.
 */
export function createEventLanes(now: () => Date, slowMs = SLOW_MS) {
  const lanes = new Map<string, Lane>();
  const laneOf = (webhook: string): Lane => {
    const lane = lanes.get(webhook) ?? { calls: new Map(), waiting: [], lastMs: 0, turnAt: 0 };
    lanes.set(webhook, lane);
    return lane;
  };

  return {
    async enter(webhook: string, subject: string): Promise<Turn> {
      const lane = laneOf(webhook);
      const deadline = performance.now() + slowMs;
      let overdue = false;
      for (;;) {
        const instant = performance.now();
        const slow = lane.lastMs > slowMs || [...lane.calls.values()].some((beganAt) => instant - beganAt > slowMs);
        const free = lane.calls.size < SHARE || (!slow && lane.calls.size < MOST);
        if (free && !lane.calls.has(subject)) return begin(lane, subject);
        if (slow || overdue) return { kind: 'later', until: putOff(lane, slowMs, now().getTime()) };
        // A timer may fire slightly early; it decides, not the clock, so that waiters time out in order.
        const timer = pause(Math.max(0, deadline - instant), true, { ref: false });
        overdue = await Promise.race([new Promise<false>((resolve) => lane.waiting.push(() => resolve(false))), timer]);
      }
    },
  };
}

function begin(lane: Lane, subject: string): Turn {
  const beganAt = performance.now();
  lane.calls.set(subject, beganAt);
  return {
    kind: 'now',
    leave: () => {
      lane.calls.delete(subject);
      lane.lastMs = performance.now() - beganAt;
      for (const promote of lane.waiting.splice(0)) promote();
    },
  };
}

/** Spreads the return times at the rate at which slots become free. */
function putOff(lane: Lane, slowMs: number, now: number): Date {
  lane.turnAt = Math.min(Math.max(now, lane.turnAt) + Math.max(slowMs, lane.lastMs) / SHARE, now + LONGEST_WAIT_MS);
  return new Date(lane.turnAt);
}
