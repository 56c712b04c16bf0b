import { setTimeout as pause } from 'node:timers/promises';
import { readStates } from '../../ledger/history/message-facts.ts';
import { CAP_REASONS } from '../../limit/caps/rate-cap.ts';
import type { DigestJobs } from '../../pipeline/digest/gather.ts';
import type { Message } from '../../pipeline/message.ts';
import type { DeferredReason } from '../../pipeline/outcome.ts';
import { clockOf } from '../../redis/clock/redis-clock.ts';
import type { Redis } from '../../redis/connect.ts';
import type { Keys } from '../../redis/keys.ts';
import { bullmq } from '../bullmq.ts';
import { MESSAGE_AGAIN_JOB, MESSAGE_QUEUE, PRIORITY, RETURN_PRIORITY } from '../names.ts';
import { openQueue, openQueueToRead } from '../open-queue.ts';
import { promoteMessages } from './alert-jobs.ts';

/** Deferral reasons that depend on the config alone. */
const BY_CONFIG: readonly string[] = [...CAP_REASONS, 'budget', 'quiet_hours'] satisfies readonly DeferredReason[];

/** Jobs per page, which bounds each Redis call. */
const BATCH = 200;

/**
 * Promotes messages deferred by caps, budgets and quiet hours, so that a new config applies immediately; those that must
 * still wait are deferred again. Escalation steps and delays requested by a provider keep their time.
 * @returns number of promoted messages
 */
export async function promoteHeldBack(redis: Redis, keys: Keys): Promise<number> {
  const messages = openQueue(MESSAGE_QUEUE, redis, keys.prefix);
  try {
    let promoted = 0;
    let cursor = '0';
    do {
      const [next, pairs] = await redis.zscan(messages.toKey('delayed'), cursor, 'COUNT', BATCH);
      const ids = pairs.filter((_, index) => index % 2 === 0);
      const states = await readStates(redis, keys, ids);
      const held = ids.filter((_, index) => states[index]?.state === 'deferred' && BY_CONFIG.includes(states[index]?.reason ?? ''));
      await promoteMessages(messages, held);
      promoted += held.length;
      cursor = next;
    } while (cursor !== '0');
    return promoted;
  } finally {
    await messages.close();
  }
}

const WAKE_TRIES = 5;
const WAKE_PAUSE_MS = 50;

/** Digests may contain criticals, so they run directly after new criticals; many may become due together. */
export function createDigestJobs(redis: Redis, prefix: string): DigestJobs & { close(): Promise<void> } {
  const queue = openQueue(MESSAGE_QUEUE, redis, prefix);

  /** False: the job is active and may already have checked its condition. */
  const promote = async (id: string): Promise<boolean> => {
    const job = await queue.getJob(id);
    try {
      await job?.promote();
      return true;
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code === bullmq.ErrorCode.JobNotExist) return true;
      if (code !== bullmq.ErrorCode.JobNotInState) throw error;
      return false;
    }
  };

  return {
    async add(digest, until) {
      const now = clockOf(redis).now().getTime();
      const delay = Math.max(0, until.getTime() - now);
      await queue.add(MESSAGE_AGAIN_JOB, digest, { jobId: digest.id, timestamp: now, delay, priority: RETURN_PRIORITY.critical });
    },
    async promote(id) {
      for (let tries = 1; !(await promote(id)) && tries < WAKE_TRIES; tries += 1) await pause(WAKE_PAUSE_MS);
    },
    close: () => queue.close(),
  };
}

/** Queues messages that had ended. Idempotent while a job is queued. */
export function createMessageAgain(redis: Redis, prefix: string) {
  const queue = openQueueToRead(MESSAGE_QUEUE, redis, prefix);
  return {
    add: async (message: Message): Promise<void> => {
      const priority = PRIORITY[message.severity];
      await queue.add(MESSAGE_AGAIN_JOB, message, { jobId: message.id, ...(priority === 0 ? {} : { priority }) });
    },
    close: () => queue.close(),
  };
}
