import type { Logger } from '../logger.ts';
import { QUEUES } from '../queue/names.ts';
import { boundLocks } from '../queue/worker/bound-locks.ts';
import { keepTime, type RedisClock } from '../redis/clock/redis-clock.ts';
import type { Redis } from '../redis/connect.ts';
import type { Keys } from '../redis/keys.ts';
import { levelFor } from '../redis/unavailable.ts';
import type { Closer } from './ground.ts';

interface TimeDeps {
  readonly redis: Redis;
  readonly keys: Keys;
  /** Of the workers of this process, where it has any. */
  readonly lockMs: number | undefined;
  readonly onJump: () => void;
  readonly logger: Logger;
}

/**
 * The clock that this process decides by; reports in the log when its own clock is wrong, or Redis' clock has jumped.
 */
export async function keepRedisTime({ redis, keys, lockMs, onJump, logger }: TimeDeps, closers: Closer[]): Promise<RedisClock> {
  /** At start as well: Redis' clock may have been set back while no process of ours ran. */
  const boundAll = async () => {
    if (lockMs === undefined) return;
    try {
      const shortened = await boundLocks(redis, keys.prefix, QUEUES, lockMs);
      if (shortened > 0) logger.warn({ shortened }, 'job locks outlived their length; shortened');
    } catch (error) {
      logger[levelFor(error, 'warn')]({ err: error }, 'job locks not checked');
    }
  };
  const clock = keepTime(redis, keys, {
    onSkew({ skewMs, passed }) {
      const skewSeconds = skewMs / 1000;
      if (!passed) return logger.info({ skewSeconds }, 'system clock agrees with the clock of Redis again');
      const hint = 'correct the clock of this machine (NTP); messages go by the clock of Redis, log lines by this one';
      logger.warn({ skewSeconds, hint }, 'system clock differs from the clock of Redis');
    },
    onJump({ byMs }) {
      const hint = 'correct the clock of the Redis host (NTP, no steps); docs/guarantees.md says what a jump does';
      logger.error({ jumpSeconds: byMs / 1000, hint }, 'clock of Redis jumped');
      if (byMs < 0) void boundAll();
      onJump();
    },
  });
  closers.push(async () => clock.close());
  await clock.known();
  await boundAll();
  return clock;
}
