import { setTimeout as pause } from 'node:timers/promises';
import { ErrorCode } from 'bullmq';
import type { DigestJobs } from '../../pipeline/digest/gather.ts';
import { clockOf } from '../../redis/clock/redis-clock.ts';
import type { Redis } from '../../redis/connect.ts';
import { MESSAGE_AGAIN_JOB, MESSAGE_QUEUE, RETURN_PRIORITY } from '../names.ts';
import { openQueue } from '../open-queue.ts';

const WAKE_TRIES = 5;
const WAKE_PAUSE_MS = 50;

/** Each digest may hold a critical: they go right behind the new criticals, since many may end their wait together. */
export function createDigestJobs(redis: Redis, prefix: string): DigestJobs & { close(): Promise<void> } {
  const queue = openQueue(MESSAGE_QUEUE, redis, prefix);

  /** False: it runs just now, and may already have looked at what it waits for. */
  const promote = async (id: string): Promise<boolean> => {
    const job = await queue.getJob(id);
    try {
      await job?.promote();
      return true;
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code === ErrorCode.JobNotExist) return true;
      if (code !== ErrorCode.JobNotInState) throw error;
      return false;
    }
  };

  return {
    async add(digest, until) {
      const now = clockOf(redis).now().getTime();
      const delay = Math.max(0, until.getTime() - now);
      await queue.add(MESSAGE_AGAIN_JOB, digest, { jobId: digest.id, timestamp: now, delay, priority: RETURN_PRIORITY.critical });
    },
    async wake(id) {
      for (let tries = 1; !(await promote(id)) && tries < WAKE_TRIES; tries += 1) await pause(WAKE_PAUSE_MS);
    },
    close: () => queue.close(),
  };
}
