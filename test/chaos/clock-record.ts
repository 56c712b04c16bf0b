/** The clocks at one moment, as the observer read them. */
export interface ClockSample {
  /** Epoch milliseconds by the observer's monotonic clock. */
  readonly atMs: number;
  /** The observer's wall clock. */
  readonly wallMs: number;
  /** `TIME` of Redis; absent when Redis did not answer promptly. */
  readonly redisMs?: number;
}

export interface ClockRecord {
  readonly samples: readonly ClockSample[];
  /** The scenario steps Redis' clock; otherwise a step makes the history invalid. */
  readonly redisStepped: boolean;
}

/** The time between two samples; a reading of Redis that took longer is discarded. */
export const SAMPLE_EVERY_MS = 250;
/** A sample that is later than this shows that the machine, and so every process, was held up. */
const LATE_MS = 3 * SAMPLE_EVERY_MS;
const STEP_MS = 500;
/** The most that NTP corrects a clock by without a step: https://www.man7.org/linux/man-pages/man2/adjtimex.2.html */
const SLEW = 500 / 1_000_000;

/** Reasons for which the history's times cannot be trusted. */
export function clockFaults({ samples, redisStepped }: ClockRecord): string[] {
  const [first] = samples;
  if (first === undefined) return ['clock: it was not watched'];
  const steps = (name: string, readings: readonly (readonly [atMs: number, clockMs: number])[]) => {
    const [start] = readings;
    if (start === undefined) return [`clock: ${name} was never read`];
    const moved = readings.map(([atMs, clockMs]) => Math.abs(clockMs - start[1] - (atMs - start[0])) - SLEW * (atMs - start[0]));
    const most = Math.max(...moved);
    return most > STEP_MS ? [`clock: ${name} moved by ${Math.round(most)} ms against the monotonic clock`] : [];
  };
  const redis = samples.flatMap(({ atMs, redisMs }) => (redisMs === undefined ? [] : [[atMs, redisMs] as const]));
  const redisSteps = steps('Redis’ clock', redis);
  return [
    ...steps(
      'the wall clock',
      samples.map(({ atMs, wallMs }) => [atMs, wallMs] as const),
    ),
    ...(redisStepped ? (redisSteps.length === 0 ? ['no fault: Redis’ clock did not move'] : []) : redisSteps),
  ];
}

/** Returns what Redis' time may have been at a moment of the observer: by the reading before it, and by the one after it. */
export function redisClock({ samples }: ClockRecord): (atMs: number) => number[] {
  const offsets = samples.flatMap(({ atMs, redisMs }) => (redisMs === undefined ? [] : [[atMs, redisMs - atMs] as const]));
  return (atMs) => {
    let [from, to] = [0, offsets.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((offsets[middle]?.[0] ?? 0) <= atMs) from = middle + 1;
      else to = middle;
    }
    return [offsets[from - 1], offsets[from]].flatMap((offset) => (offset === undefined ? [] : [atMs + offset[1]]));
  };
}

/** Times at which the machine was too busy to answer in time. */
export function heldUp({ samples }: ClockRecord): { fromMs: number; toMs: number }[] {
  return samples.flatMap(({ atMs }, index) => {
    const before = samples[index - 1]?.atMs;
    return before !== undefined && atMs - before > LATE_MS ? [{ fromMs: before, toMs: atMs }] : [];
  });
}
