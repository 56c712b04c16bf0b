import type { Logger } from '../../logger.ts';
import { QUEUES } from '../../queue/names.ts';
import { boundLocks } from '../../queue/worker/bound-locks.ts';
import { keepTime, type RedisClock } from '../../redis/clock/redis-clock.ts';
import type { Redis } from '../../redis/connect.ts';
import type { Keys } from '../../redis/keys.ts';
import { levelFor } from '../../redis/unavailable.ts';
import type { Cleanup } from '../role-context.ts';

interface TimeDeps {
  readonly redis: Redis;
  readonly keys: Keys;
  /** Lock duration of the workers of this process, where it has any. */
  readonly lockMs: number | undefined;
  readonly onJump: () => void;
  readonly logger: Logger;
}

/** Creates the clock on which this process bases its decisions; logs when the local clock is wrong or the clock of Redis jumped. */
export async function keepRedisTime({ redis, keys, lockMs, onJump, logger }: TimeDeps, cleanups: Cleanup[]): Promise<RedisClock> {
  /** Runs also at start: the clock of Redis may have been set back while no process of ours ran. */
  const boundAll = async () => {
    if (lockMs === undefined) return;
    try {
      const shortened = await boundLocks(redis, keys.prefix, QUEUES, lockMs);
      if (shortened > 0) logger.warn({ shortened }, 'job locks lasted too long; shortened');
    } catch (error) {
      logger[levelFor(error, 'warn')]({ err: error }, 'failed to check job locks');
    }
  };
  const clock = keepTime(redis, keys, {
    onSkew({ skewMs, passed }) {
      const skewSeconds = skewMs / 1000;
      if (!passed) return logger.info({ skewSeconds }, 'system clock agrees with the clock of Redis again');
      const hint = 'correct the clock of this machine (NTP); messages use the clock of Redis, log lines this one';
      logger.warn({ skewSeconds, hint }, 'system clock differs from the clock of Redis');
    },
    onJump({ byMs }) {
      const hint = 'correct the clock of the Redis host (NTP, no steps); see docs/guarantees.md for the effect of a jump';
      logger.error({ jumpSeconds: byMs / 1000, hint }, 'clock of Redis jumped');
      if (byMs < 0) void boundAll();
      onJump();
    },
  });
  cleanups.push(async () => clock.close());
  await clock.known();
  await boundAll();
  return clock;
}
