import type { Queue } from 'bullmq';
import type { Parked } from '../../ledger/lists/parked.ts';
import { clockOf } from '../../redis/clock/redis-clock.ts';
import type { Redis } from '../../redis/connect.ts';
import { bullmq } from '../bullmq.ts';
import { MESSAGE_QUEUE } from '../names.ts';
import { openQueue } from '../open-queue.ts';

/** A provider that parked messages wait for. */
export interface Resumable {
  readonly name: string;
  /** Whether the provider accepts urgent, or other, messages now. */
  serves(urgent: boolean): boolean;
}

export interface ParkedPromoterDeps {
  readonly redis: Redis;
  readonly prefix: string;
  readonly parked: Parked;
  readonly providers: readonly Resumable[];
  /** Called when no message waits for a working provider. */
  readonly onNoneWaiting: (provider: string, urgent: boolean) => void;
  readonly onError: (error: unknown) => void;
}

/** Most messages promoted but not yet sent: a promoted one stays in the index until it has run. */
export const PORTION = 200;
const BUSY_EVERY_MS = 200;
const IDLE_EVERY_MS = 1_000;

/**
 * Promotes parked messages when their provider recovers: in batches, criticals first. It reads
 * the index instead of watching circuits, so a new process finds messages that another one parked.
 */
export function createParkedPromoter({ redis, prefix, parked, providers, onNoneWaiting, onError }: ParkedPromoterDeps) {
  const messages = openQueue(MESSAGE_QUEUE, redis, prefix);

  /** @returns number of waiting messages in the batch */
  const promotePortion = async ({ name, serves }: Resumable, urgent: boolean): Promise<number> => {
    if (!serves(urgent)) return 0;
    const ids = await parked.first(name, urgent, PORTION, clockOf(redis).now());
    if (ids.length === 0) onNoneWaiting(name, urgent);
    await Promise.all(
      ids.map((id) =>
        promoteJob(messages, id, async () => {
          if (await hasEnded(redis, messages.toKey(id))) await parked.leave({ id, urgent }, [name]);
        }),
      ),
    );
    return ids.length;
  };

  const promoteAll = async (): Promise<number> => {
    const counts = await Promise.all(
      providers.map(async (provider) => {
        const urgent = await promotePortion(provider, true);
        return urgent >= PORTION ? urgent : urgent + (await promotePortion(provider, false));
      }),
    );
    return Math.max(0, ...counts);
  };

  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const plan = (ms: number): void => {
    if (closed) return;
    timer = setTimeout(() => {
      running = promoteAll()
        .catch((error: unknown) => {
          onError(error);
          return 0;
        })
        .then((count) => plan(count > 0 ? BUSY_EVERY_MS : IDLE_EVERY_MS));
    }, ms);
    timer.unref();
  };
  plan(IDLE_EVERY_MS);

  return {
    /** One pass, as run by the timer. */
    promote: promoteAll,
    async close(): Promise<void> {
      closed = true;
      clearTimeout(timer);
      await running;
      await messages.close();
    },
  };
}

/** Whether the job is gone or has ended, so that a crash left its index entry. */
async function hasEnded(redis: Redis, key: string): Promise<boolean> {
  const [timestamp, finishedOn] = await redis.hmget(key, 'timestamp', 'finishedOn');
  return typeof timestamp !== 'string' || typeof finishedOn === 'string';
}

async function promoteJob(messages: Queue, id: string, onElsewhere: () => Promise<void>): Promise<void> {
  try {
    await messages.getBackend().promote(id);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== bullmq.ErrorCode.JobNotInState && code !== bullmq.ErrorCode.JobNotExist) throw error;
    // Already promoted, active, or gone.
    await onElsewhere();
  }
}
