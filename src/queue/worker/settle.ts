import { DelayedError, ErrorCode, type IQueueBackend, type Job, UnrecoverableError } from 'bullmq';
import type { Clock } from '../../clock.ts';
import { persist } from './persist.ts';

/** Where a job goes now. */
export type JobMove =
  | { readonly kind: 'complete' }
  /** Comes back then; costs no attempt. `priority`: BullMQ's, with which it comes back; left out: its own. */
  | { readonly kind: 'delay'; readonly until: Date; readonly priority?: number | undefined }
  /** To the failed set, where a person must look. */
  | { readonly kind: 'dead'; readonly reason: string };

/**
 * The one place that knows how BullMQ wants to be told: completion by returning, the rest by throwing.
 * @param clock by which a delayed job comes back
 * @param onRefused hears of each time that Redis did not take the move; it is repeated until it is taken
 * @throws DelayedError, UnrecoverableError
 */
export async function settleJob(
  job: Job,
  token: string | undefined,
  move: JobMove,
  clock: Clock,
  onRefused: (error: unknown) => void,
): Promise<void> {
  switch (move.kind) {
    case 'complete':
      return;
    case 'delay':
      // A refusal must not reach BullMQ, which would take it for the job's own failure and bury the job.
      await persist(() => delayUnlessLost(job, token, move, clock), onRefused);
      throw new DelayedError();
    case 'dead':
      // BullMQ would keep the stack with the job, where the queue pages show it: it is ours, and says nothing about the job.
      throw Object.assign(new UnrecoverableError(move.reason), { stack: '' });
  }
}

/** A job whose lock is lost is another worker's now, and so is the move. */
const LOST: readonly unknown[] = [ErrorCode.JobLockNotExist, ErrorCode.JobLockMismatch, ErrorCode.JobNotExist, ErrorCode.JobNotInState];

async function delayUnlessLost(
  job: Job,
  token: string | undefined,
  { until, priority }: Extract<JobMove, { kind: 'delay' }>,
  clock: Clock,
): Promise<void> {
  const now = clock.now().getTime();
  const fieldsToUpdate = priority === undefined ? {} : { fieldsToUpdate: { priority } };
  try {
    // As `job.moveToDelayed` does, which cannot set the priority.
    const { backend } = job as unknown as { readonly backend: IQueueBackend };
    await backend.moveToDelayed(job.id as string, now, Math.max(0, until.getTime() - now), token, { skipAttempt: true, ...fieldsToUpdate });
  } catch (error) {
    if (!LOST.includes((error as { code?: unknown }).code)) throw error;
  }
}
