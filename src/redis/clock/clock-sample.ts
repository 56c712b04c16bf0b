/** One measurement of Redis' clock. */
export interface ClockSample {
  /** Redis' time, ms since the epoch. */
  readonly redisMs: number;
  /** Time of the measurement, ms of the process's monotonic clock. */
  readonly at: number;
  /** Maximum error, ms: half of the round trip plus rounding. */
  readonly errorMs: number;
}

/** Maximum relative drift of two clocks, even without NTP. */
const DRIFT = 0.001;
/** Smaller steps have no visible effect, and slewing may look like one. */
const SMALLEST_JUMP_MS = 2_000;

/** Redis' time at a moment of the monotonic clock, ms since the epoch. */
export function redisTimeAt({ redisMs, at }: ClockSample, monotonicMs: number): number {
  return redisMs + (monotonicMs - at);
}

/**
 * Step of the Redis clock between two samples, in ms (negative: set back): the change beyond the time that has passed
 * by the monotonic clock. 0 where the difference may be drift or the result of a slow answer.
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
