/** Redis' clock as one question found it. */
export interface ClockSample {
  /** ms since the epoch, by Redis. */
  readonly redisMs: number;
  /** When that was, ms by this process' monotonic clock. */
  readonly at: number;
  /** By how much it may be wrong, ms: half of the round trip, and the fraction of a millisecond. */
  readonly errorMs: number;
}

/** Two clocks drift apart by less than this part of the time that passes, even without NTP. */
const DRIFT = 0.001;
/** A smaller step has no visible effect, and slewing may look like one. */
const SMALLEST_JUMP_MS = 2_000;

/** Redis' time at a moment of the monotonic clock, ms since the epoch. */
export function redisTimeAt({ redisMs, at }: ClockSample, monotonicMs: number): number {
  return redisMs + (monotonicMs - at);
}

/**
 * By how many ms Redis' clock was set ahead (or back: negative) between two samples, beyond the time that has passed by the
 * monotonic clock; 0 where the difference may be drift, or come from a slow answer.
 */
export function jumpBetween(before: ClockSample, after: ClockSample): number {
  const jump = after.redisMs - redisTimeAt(before, after.at);
  const tolerance = SMALLEST_JUMP_MS + before.errorMs + after.errorMs + DRIFT * Math.max(0, after.at - before.at);
  return Math.abs(jump) > tolerance ? jump : 0;
}

/** The sample with the smallest error. */
export function best(samples: readonly ClockSample[]): ClockSample | undefined {
  return samples.toSorted((a, b) => a.errorMs - b.errorMs)[0];
}
