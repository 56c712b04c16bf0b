import type { Job } from 'bullmq';
import { logSafeId, maskNumbers } from '../alert/phone/phone.ts';
import { prolong, type WaitingNotice, waitingNoticeSchema } from '../pipeline/notices/notice.ts';
import type { Noticed, Notifier } from '../pipeline/notices/notifier.ts';
import { clockOf } from '../redis/clock/redis-clock.ts';
import type { Redis } from '../redis/connect.ts';
import { NOT_NOTIFIED } from './dead-letters/dead-letter.ts';
import { NOTICE_AGAIN_JOB, NOTICE_JOB, NOTICE_QUEUE, PRIORITY } from './names.ts';
import { openQueue } from './open-queue.ts';
import { createQueueWorker, type QueueWorker, type QueueWorkerDeps } from './worker/queue-worker.ts';
import { describePoison, type JobMove } from './worker/settle.ts';

/** Queues notices until their escalation step. Idempotent. */
export function createNoticeQueue(redis: Redis, prefix: string, onError?: (error: Error) => void) {
  const queue = openQueue(NOTICE_QUEUE, redis, prefix, onError);
  return {
    async add(notices: readonly WaitingNotice[]): Promise<void> {
      const now = clockOf(redis).now().getTime();
      const jobs = notices.map((notice) => {
        const priority = PRIORITY[notice.severity];
        const delay = Math.max(0, notice.dueAt - now);
        const opts = { jobId: notice.id, timestamp: now, ...(priority === 0 ? {} : { priority }), ...(delay === 0 ? {} : { delay }) };
        return { name: NOTICE_JOB, data: notice, opts };
      });
      if (jobs.length > 0) await queue.addBulk(jobs);
    },
    close: () => queue.close(),
  };
}

export interface NoticeWorkerDeps extends Omit<QueueWorkerDeps, 'concurrency'> {
  readonly notifier: Notifier;
}

/** Concurrent notices per process: chat services accept a few per second, and messages have precedence. */
const CONCURRENCY = 5;

/** Worker of the notice queue: sends each notice when its step is due. */
export function createNoticeWorker({ notifier, ...deps }: NoticeWorkerDeps): QueueWorker {
  const moveFor = ({ id, alertId, channel }: WaitingNotice, noticed: Noticed): JobMove => {
    const facts = { noticeId: logSafeId(id), alertId: logSafeId(alertId), channel: maskNumbers(channel) };
    if (noticed.kind === 'later') {
      if (noticed.code !== undefined)
        deps.logger.warn({ ...facts, code: noticed.code, until: noticed.until }, 'channel rejected a notice; retrying');
      return { kind: 'delay', until: noticed.until };
    }
    const { outcome, reason, code, detail } = noticed;
    if (detail !== undefined) deps.logger.warn({ ...facts, detail }, 'channel accepted a notice for some recipients only');
    if (outcome !== 'failed') return { kind: 'complete' };
    deps.logger.error({ ...facts, reason, code }, 'notification failed permanently');
    return { kind: 'failed', reason: `${channel}${NOT_NOTIFIED}${code ?? reason}` };
  };
  return createQueueWorker(
    NOTICE_QUEUE,
    { ...deps, concurrency: CONCURRENCY },
    {
      process: async (job, signal) => {
        const notice = noticeOf(job);
        if (notice === undefined) return NOT_OURS;
        const noticed = await notifier.notify(notice, job.attemptsStarted, signal);
        // Stored before the job moves, so that recipients who got it are skipped next time.
        if (noticed.progress !== undefined) await job.updateData({ ...job.data, progress: noticed.progress });
        return moveFor(notice, noticed);
      },
      onPoison: async (job) => {
        const notice = noticeOf(job);
        if (notice !== undefined) await notifier.bury(notice);
        return { kind: 'failed', reason: describePoison(job.stalledCounter) };
      },
      onUnreadable: async ({ data }) => {
        const notice = waitingNoticeSchema.safeParse(data).data;
        if (notice !== undefined) await notifier.bury(notice);
      },
    },
  );
}

const NOT_OURS: JobMove = { kind: 'failed', reason: 'malformed: not a notice job of this system' };

function noticeOf({ name, data, timestamp }: Job): WaitingNotice | undefined {
  const parsed = waitingNoticeSchema.safeParse(data);
  if (!parsed.success) return undefined;
  return name === NOTICE_AGAIN_JOB ? prolong(parsed.data, timestamp) : parsed.data;
}
