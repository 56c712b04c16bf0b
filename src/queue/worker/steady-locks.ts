import { LockManager } from 'bullmq';

/** A time long past: due at the next look. Not 0, which BullMQ reads as "not known yet". */
const DUE = 1;

/**
 * Renews the lock of each running job at each look, which is every quarter of its life. BullMQ would compare the time of the last
 * renewal with the wall clock, and renew none for an hour after that was set back by one.
 */
export class SteadyLocks extends LockManager {
  override trackJob(...[jobId, token, , createController]: Parameters<LockManager['trackJob']>): ReturnType<LockManager['trackJob']> {
    return super.trackJob(jobId, token, DUE, createController);
  }

  protected override async extendLocks(jobIds: string[]): Promise<void> {
    for (const id of jobIds) {
      const tracked = this.trackedJobs.get(id);
      if (tracked !== undefined) tracked.ts = DUE;
    }
    await super.extendLocks(jobIds);
  }
}
