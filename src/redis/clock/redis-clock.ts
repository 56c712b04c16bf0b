import { setTimeout as pause } from 'node:timers/promises';
import { type Clock, systemClock } from '../../clock.ts';
import type { Redis } from '../connect.ts';
import { defineScript } from '../define-script.ts';
import type { Keys } from '../keys.ts';
import { luaPart } from '../lua-source.ts';
import { best, type ClockSample, jumpBetween, redisTimeAt } from './clock-sample.ts';

/** Redis' time, whatever this process' own wall clock shows or is set to. */
export interface RedisClock extends Clock {
  /** How far this process' wall clock is ahead of Redis' clock, ms; negative: behind. `undefined` before the first sample. */
  skewMs(): number | undefined;
  /** The last jump of Redis' own clock within the past hour. */
  lastJump(): ClockJump | undefined;
  /** How often Redis' clock has jumped since the start of this process. */
  jumps(): number;
  /** Measures now; never rejects. */
  measure(): Promise<void>;
  /** Resolves when Redis' time is known, or cannot be had now: by then at the latest after so many ms. */
  known(withinMs?: number): Promise<void>;
  close(): void;
}

export interface ClockJump {
  /** ms; negative: it was set back. */
  readonly byMs: number;
  /** When it was noticed, by the clock after the jump. */
  readonly at: Date;
}

export interface RedisClockOptions {
  /** Asks Redis for its time, ms since the epoch. */
  readonly ask: () => Promise<number>;
  /** Called when the skew passes {@link SKEW_MS}, and when it is below again. */
  readonly onSkew?: ((skew: { readonly skewMs: number; readonly passed: boolean }) => void) | undefined;
  /** Called once for each jump of Redis' clock. */
  readonly onJump?: ((jump: ClockJump) => void) | undefined;
  readonly everyMs?: number | undefined;
  /** Only for tests. */
  readonly wall?: () => number;
  /** Only for tests. */
  readonly monotonic?: () => number;
}

/** A greater difference to Redis' clock is reported: log lines no longer fit those of other machines. */
export const SKEW_MS = 5_000;
/** It must have fallen this far before it counts as small again. */
const SMALL_SKEW_MS = 4_000;
/** Costs three calls per process, and bounds for how long a jump of Redis' clock goes unnoticed. */
const MEASURE_EVERY_MS = 15_000;
const QUESTIONS = 3;
/** A sample that may be wrong by more replaces none that is there. */
const LARGEST_ERROR_MS = 500;
/** The longest that a caller waits for the first sample. */
const KNOWN_WITHIN_MS = 1_000;
/** A jump is shown for so long. */
const SHOW_JUMP_MS = 60 * 60_000;

/**
 * A clock that follows Redis' between questions by the monotonic clock of the process. Until the first answer it shows the
 * time of the system; while Redis is away, it runs on.
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
        // The first answer is usable immediately; the others refine it.
        if (sample === undefined) take(found);
      }
    } catch {
      // Redis is away, which is said elsewhere; what it answered before that counts.
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
 * @param key any of ours: in a Redis Cluster the node that holds it answers, by whose clock our scripts run
 */
export function askTime(redis: Redis, key: string): Promise<number> {
  return timeScript(redis, { keys: { any: key } });
}

/** The clocks that {@link keepTime} has made, and those that {@link useClock} was given. */
const clocks = new WeakMap<Redis, Clock>();
const kept = new WeakMap<Redis, RedisClock>();

/** The time of the Redis behind a connection, where {@link keepTime} or {@link useClock} was called with it; else the system's. */
export function clockOf(redis: Redis): Clock {
  return { now: () => (clocks.get(redis) ?? systemClock).now() };
}

/** The clock that {@link keepTime} keeps for this connection. */
export function keptClockOf(redis: Redis): RedisClock | undefined {
  return kept.get(redis);
}

/** From now on {@link clockOf} of the connection is this clock. */
export function useClock(redis: Redis, clock: Clock): void {
  clocks.set(redis, clock);
}

export type KeepTimeOptions = Pick<RedisClockOptions, 'onSkew' | 'onJump' | 'everyMs'>;

/** Measures the clock of the Redis behind a connection: after `measure()`, and again from time to time, and whenever it has connected. */
export function keepTime(redis: Redis, keys: Pick<Keys, 'probe'>, options: KeepTimeOptions = {}): RedisClock {
  const clock = createRedisClock({ ...options, ask: () => askTime(redis, keys.probe()) });
  useClock(redis, clock);
  // After a failover another server may answer, with a clock of its own.
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

/** A moment of Redis' time as this process' wall clock shows it, ms: for libraries that read the latter. */
export function onWallClock(moment: number, clock: Clock): number {
  return moment - clock.now().getTime() + Date.now();
}
