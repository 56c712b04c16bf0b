import { setTimeout as pause } from 'node:timers/promises';
import type { IQueueBackend, Job } from 'bullmq';
import { maskNumbers } from '../../alert/phone/phone.ts';
import type { Clock } from '../../clock.ts';
import { bullmq } from '../bullmq.ts';

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

/**
 * Repeats a write that Redis rejects (full, read-only, loading) until it succeeds. The provider's response exists only in
 * this process until then, so giving up would turn a known outcome into an unknown one.
 */
export async function retryUntilStored<T>(write: () => Promise<T>, onRefused: (error: unknown) => void): Promise<T> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      return await write();
    } catch (error) {
      onRefused(error);
      await pause(wait);
    }
  }
}

/**
 * Verdict on a job that was recovered this often. Most jobs that stall with a process only happened to be in
 * it, and would stall again with every process that the poison job crashes. A suspect therefore runs without another suspect
 * beside it: it is cleared when it ends, and only the poison job reaches the limit.
 */
type Suspicion = 'none' | 'suspect' | 'poison';

const CHANCE = 2;
const MOST_STALLS = 10;

/** @param stalls how often its worker crashed or lost its lock during a run */
export function judgeStalls(stalls: number): Suspicion {
  if (stalls > MOST_STALLS) return 'poison';
  return stalls > CHANCE ? 'suspect' : 'none';
}

/** The reason in the failed set. */
export function describePoison(stalls: number): string {
  return `poison: ${stalls} workers crashed while running it`;
}

/** The next state of a job. */
export type JobMove =
  | { readonly kind: 'complete' }
  /** Runs again then; costs no attempt. `priority`: BullMQ priority of the next run; absent: unchanged. */
  | { readonly kind: 'delay'; readonly until: Date; readonly priority?: number | undefined }
  /** Moves to the failed set, for a person to handle. */
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Applies a move in BullMQ's terms: completion by returning, the rest by throwing.
 * @param clock for the due time of a delayed job
 * @param onRefused called each time Redis rejects the move, which is repeated until it succeeds
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
      // A rejection must not reach BullMQ, which would fail the job for it.
      await retryUntilStored(() => delayUnlessLost(job, token, move, clock), onRefused);
      throw new bullmq.DelayedError();
    case 'failed':
      // What a job holds is quoted in some reasons. BullMQ would keep the stack with the job, where the queue pages show it: it is ours, and says nothing about the job.
      throw Object.assign(new bullmq.UnrecoverableError(maskNumbers(move.reason)), { stack: '' });
  }
}

/** A job whose lock was lost belongs to another worker, and so does its move. */
const LOST: readonly unknown[] = [
  bullmq.ErrorCode.JobLockNotExist,
  bullmq.ErrorCode.JobLockMismatch,
  bullmq.ErrorCode.JobNotExist,
  bullmq.ErrorCode.JobNotInState,
];

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
