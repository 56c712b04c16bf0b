import { setTimeout as pause } from 'node:timers/promises';

/** Calls at once to one webhook, whatever the others do. */
export const SHARE = 10;
/** One that answers in good time may have as many again. */
const MOST = 2 * SHARE;
/** A webhook that takes longer holds nobody up but itself. */
const SLOW_MS = 1_000;
/** The longest that an event is put off at a time: a webhook that was slow may be quick again. */
const LONGEST_WAIT_MS = 30_000;

/** May an event be told now? Whoever begins must leave. */
export type Turn = { readonly kind: 'now'; leave(): void } | { readonly kind: 'later'; readonly until: Date };

interface Lane {
  /** What each call under way is about → when it began, monotonic ms. */
  readonly calls: Map<string, number>;
  waiting: (() => void)[];
  /** How long the last one took. */
  lastMs: number;
  /** When the last one that was put off may come back, ms since the epoch. */
  turnAt: number;
}

/**
 * Lets no slow webhook take all the room of a process. Of one subject, such as a message, only one event is told at a time,
 * the others after it as they came.
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
        // A timer may fire a moment early: that it fired is what counts, so that those who wait give up in their order.
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

/** One after the other, at the pace at which there will be room. */
function putOff(lane: Lane, slowMs: number, now: number): Date {
  lane.turnAt = Math.min(Math.max(now, lane.turnAt) + Math.max(slowMs, lane.lastMs) / SHARE, now + LONGEST_WAIT_MS);
  return new Date(lane.turnAt);
}
