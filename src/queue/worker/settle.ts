import { setTimeout as pause } from 'node:timers/promises';
import { DelayedError, ErrorCode, type IQueueBackend, type Job, UnrecoverableError } from 'bullmq';
import { maskNumbers } from '../../alert/phone.ts';
import type { Clock } from '../../clock.ts';

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

/**
 * Repeats a write that Redis refuses (full, read-only, loading) until it is taken. What a provider answered lives in
 * this process alone until then, so giving up would turn a known outcome into an unknown one.
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
 * What is thought of a job that was taken over so often. Most of those that go down with a process only happened to be in
 * it, and would go down with every further one that the guilty job ends: a suspect therefore runs with no other suspect
 * beside it, so that it is cleared by ending well, and only the guilty one is counted up to the end.
 */
type Suspicion = 'none' | 'suspect' | 'poison';

const CHANCE = 2;
const MOST_STALLS = 10;

/** @param stalls how often its worker was gone before it was done with it */
export function judgeStalls(stalls: number): Suspicion {
  if (stalls > MOST_STALLS) return 'poison';
  return stalls > CHANCE ? 'suspect' : 'none';
}

/** As it stands in the failed set. */
export function describePoison(stalls: number): string {
  return `poison: ${stalls} workers died over it`;
}

/** Where a job goes now. */
export type JobMove =
  | { readonly kind: 'complete' }
  /** Comes back then; costs no attempt. `priority`: BullMQ's, with which it comes back; left out: its own. */
  | { readonly kind: 'delay'; readonly until: Date; readonly priority?: number | undefined }
  /** To the failed set, where a person must look. */
  | { readonly kind: 'failed'; readonly reason: string };

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
      await retryUntilStored(() => delayUnlessLost(job, token, move, clock), onRefused);
      throw new DelayedError();
    case 'failed':
      // What a job holds is quoted in some reasons. BullMQ would keep the stack with the job, where the queue pages show it: it is ours, and says nothing about the job.
      throw Object.assign(new UnrecoverableError(maskNumbers(move.reason)), { stack: '' });
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
