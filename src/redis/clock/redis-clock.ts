import { setTimeout as pause } from 'node:timers/promises';
import { type Clock, systemClock } from '../../clock.ts';
import type { Redis } from '../connect.ts';
import { defineScript } from '../define-script.ts';
import type { Keys } from '../keys.ts';
import { luaPart } from '../lua-source.ts';
import { best, type ClockSample, jumpBetween, redisTimeAt } from './clock-sample.ts';

/** A clock that follows Redis' time, independent of the process's wall clock. */
export interface RedisClock extends Clock {
  /** How far this process' wall clock is ahead of Redis' clock, ms; negative: behind. `undefined` before the first sample. */
  skewMs(): number | undefined;
  /** The last jump of Redis' own clock within the past hour. */
  lastJump(): ClockJump | undefined;
  /** How often Redis' clock has jumped since the start of this process. */
  jumps(): number;
  /** Takes a measurement; never rejects. */
  measure(): Promise<void>;
  /** Resolves when Redis' time is known, at the latest after this many ms. */
  known(withinMs?: number): Promise<void>;
  close(): void;
}

export interface ClockJump {
  /** ms; negative: the clock was set back. */
  readonly byMs: number;
  /** Time of detection, by the clock after the jump. */
  readonly at: Date;
}

export interface RedisClockOptions {
  /** Asks Redis for its time, ms since the epoch. */
  readonly ask: () => Promise<number>;
  /** Called when the skew exceeds {@link SKEW_MS}, and when it is small again. */
  readonly onSkew?: ((skew: { readonly skewMs: number; readonly passed: boolean }) => void) | undefined;
  /** Called once for each jump of Redis' clock. */
  readonly onJump?: ((jump: ClockJump) => void) | undefined;
  readonly everyMs?: number | undefined;
  /** Only for tests. */
  readonly wall?: () => number;
  /** Only for tests. */
  readonly monotonic?: () => number;
}

/** A larger skew is reported: log timestamps no longer match those of other machines. */
export const SKEW_MS = 5_000;
/** The skew counts as small again below this value. */
const SMALL_SKEW_MS = 4_000;
/** Interval between measurements of three calls; bounds how long a jump of Redis' clock goes undetected. */
const MEASURE_EVERY_MS = 15_000;
const QUESTIONS = 3;
/** A sample with a larger error never replaces an existing one. */
const LARGEST_ERROR_MS = 500;
/** Longest wait for the first sample. */
const KNOWN_WITHIN_MS = 1_000;
/** How long a jump is reported. */
const SHOW_JUMP_MS = 60 * 60_000;

/**
 * A clock that follows Redis' clock; between measurements it uses the process's monotonic clock. Until the first one it shows
 * system time; while Redis is unreachable it continues.
 */
export function createRedisClock({
  ask,
  onSkew,
  onJump,
  everyMs = MEASURE_EVERY_MS,
  wall = Date.now,
  monotonic = () => performance.now(),
}: RedisClockOptions): RedisClock {
  let sample: ClockSample | undefined;
  let jump: (ClockJump & { readonly noticedAt: number }) | undefined;
  let jumps = 0;
  let skewed = false;

  const nowMs = () => (sample === undefined ? wall() : redisTimeAt(sample, monotonic()));
  const skewMs = () => (sample === undefined ? undefined : wall() - nowMs());

  const judgeSkew = (): void => {
    const skew = skewMs();
    if (skew === undefined) return;
    const passed = Math.abs(skew) > (skewed ? SMALL_SKEW_MS : SKEW_MS);
    if (passed === skewed) return;
    skewed = passed;
    onSkew?.({ skewMs: Math.round(skew), passed });
  };

  const take = (next: ClockSample): void => {
    const byMs = sample === undefined ? 0 : jumpBetween(sample, next);
    if (sample !== undefined && byMs === 0 && next.errorMs > LARGEST_ERROR_MS) return;
    sample = next;
    if (byMs === 0) return;
    jumps += 1;
    jump = { byMs: Math.round(byMs), at: new Date(nowMs()), noticedAt: monotonic() };
    onJump?.({ byMs: jump.byMs, at: jump.at });
  };

  const question = async (): Promise<ClockSample> => {
    const askedAt = monotonic();
    const redisMs = await ask();
    const tookMs = monotonic() - askedAt;
    return { redisMs, at: askedAt + tookMs / 2, errorMs: tookMs / 2 + 1 };
  };

  const measureOnce = async (): Promise<void> => {
    const samples: ClockSample[] = [];
    try {
      while (samples.length < QUESTIONS) {
        const found = await question();
        samples.push(found);
        // The first sample is usable immediately; the others refine it.
        if (sample === undefined) take(found);
      }
    } catch {
      // Redis is unreachable, which is reported elsewhere; earlier samples count.
    }
    const next = best(samples);
    if (next !== undefined) take(next);
    judgeSkew();
  };
  let measuring: Promise<void> | undefined;
  const measure = (): Promise<void> => {
    measuring ??= measureOnce().finally(() => {
      measuring = undefined;
    });
    return measuring;
  };

  const known = async (withinMs = KNOWN_WITHIN_MS): Promise<void> => {
    if (sample !== undefined) return;
    const enough = new AbortController();
    await Promise.race([measure(), pause(withinMs, undefined, { signal: enough.signal })]);
    enough.abort();
  };

  const timer = setInterval(() => void measure(), everyMs);
  timer.unref();
  return {
    now: () => new Date(nowMs()),
    skewMs,
    lastJump() {
      return jump !== undefined && monotonic() - jump.noticedAt < SHOW_JUMP_MS ? { byMs: jump.byMs, at: jump.at } : undefined;
    },
    jumps: () => jumps,
    measure,
    known,
    close: () => clearInterval(timer),
  };
}

/** Lua function `nowMs()`: Redis' time, whole ms since the epoch. */
export const nowLua = luaPart(new URL('now.lua', import.meta.url));

const timeScript = defineScript(new URL('ask-time.lua', import.meta.url), {
  keys: ['any'],
  reply: (time) => {
    const [seconds, micros] = time as [string | number, string | number];
    return Number(seconds) * 1000 + Number(micros) / 1000;
  },
});

/**
 * Redis' time now, ms since the epoch.
 * @param key any of our keys: in a Redis Cluster the node that holds it answers, and our scripts use its clock
 */
export function askTime(redis: Redis, key: string): Promise<number> {
  return timeScript(redis, { keys: { any: key } });
}

/** Clocks set by {@link keepTime} and {@link useClock}, by connection. */
const clocks = new WeakMap<Redis, Clock>();
const kept = new WeakMap<Redis, RedisClock>();

/** The clock of the Redis behind a connection if {@link keepTime} or {@link useClock} was called for it; else the system clock. */
export function clockOf(redis: Redis): Clock {
  return { now: () => (clocks.get(redis) ?? systemClock).now() };
}

/** The clock that {@link keepTime} maintains for this connection. */
export function keptClockOf(redis: Redis): RedisClock | undefined {
  return kept.get(redis);
}

/** Sets the result of {@link clockOf} for this connection. */
export function useClock(redis: Redis, clock: Clock): void {
  clocks.set(redis, clock);
}

export type KeepTimeOptions = Pick<RedisClockOptions, 'onSkew' | 'onJump' | 'everyMs'>;

/** Measures the clock of the Redis behind a connection: on `measure()`, periodically, and after each connect. */
export function keepTime(redis: Redis, keys: Pick<Keys, 'probe'>, options: KeepTimeOptions = {}): RedisClock {
  const clock = createRedisClock({ ...options, ask: () => askTime(redis, keys.probe()) });
  useClock(redis, clock);
  // After a failover another server answers, with its own clock.
  const again = () => void clock.measure();
  redis.on('ready', again);
  const keeper: RedisClock = {
    ...clock,
    close() {
      redis.off('ready', again);
      clock.close();
    },
  };
  kept.set(redis, keeper);
  return keeper;
}

/** Converts Redis' time to the process's wall clock, ms: for libraries that read the latter. */
export function onWallClock(moment: number, clock: Clock): number {
  return moment - clock.now().getTime() + Date.now();
}
