import { DelayedError, type Job, UnrecoverableError } from 'bullmq';

/** Where a job goes now. */
export type JobMove =
  | { readonly kind: 'complete' }
  /** Comes back then; costs no attempt. */
  | { readonly kind: 'delay'; readonly until: Date }
  /** To the failed set, where a person must look. */
  | { readonly kind: 'dead'; readonly reason: string };

/**
 * The one place that knows how BullMQ wants to be told: completion by returning, the rest by throwing.
 * @throws DelayedError, UnrecoverableError
 */
export async function settleJob(job: Job, token: string | undefined, move: JobMove): Promise<void> {
  switch (move.kind) {
    case 'complete':
      return;
    case 'delay':
      await job.moveToDelayed(move.until.getTime(), token);
      throw new DelayedError();
    case 'dead':
      throw new UnrecoverableError(move.reason);
  }
}
