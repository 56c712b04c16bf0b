import { setTimeout as pause } from 'node:timers/promises';
import { connectRedis } from '../../src/redis/connect.ts';
import { type ClockSample, SAMPLE_EVERY_MS } from './clock-record.ts';
import { observedNow } from './faults.ts';

export interface ClockWatch {
  readonly samples: readonly ClockSample[];
  /** Samples since `fromMs` at which Redis did not answer. */
  unanswered(fromMs: number): number;
  stop(): Promise<void>;
}

/** Reads the observer's clocks and Redis' `TIME` until it is stopped. */
export function watchClocks(redisUrl: string): ClockWatch {
  const redis = connectRedis(redisUrl, 'interactive');
  // It is away in many scenarios.
  redis.on('error', () => undefined);
  const samples: ClockSample[] = [];
  const stopped = new AbortController();
  let asking = false;

  const ask = async (): Promise<number | undefined> => {
    if (asking) return undefined;
    asking = true;
    const answer = redis
      .time()
      .then(([seconds, micros]) => Number(seconds) * 1000 + Number(micros) / 1000)
      .catch(() => undefined)
      .finally(() => {
        asking = false;
      });
    const askedAt = performance.now();
    const redisMs = await Promise.race([answer, pause(SAMPLE_EVERY_MS, undefined, { ref: false })]);
    return performance.now() - askedAt < SAMPLE_EVERY_MS ? redisMs : undefined;
  };
  const run = async () => {
    while (!stopped.signal.aborted) {
      const redisMs = await ask();
      samples.push({ atMs: observedNow(), wallMs: Date.now(), ...(redisMs === undefined ? {} : { redisMs }) });
      await pause(SAMPLE_EVERY_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    samples,
    unanswered: (fromMs) => samples.filter(({ atMs, redisMs }) => atMs >= fromMs && redisMs === undefined).length,
    async stop() {
      stopped.abort();
      redis.disconnect();
      await running;
    },
  };
}
