import type { Queue } from 'bullmq';
import { hash } from '../../alert/id.ts';
import type { Ended } from '../../pipeline/resolved/tell-resolved.ts';
import { ENDED_JOB, PRIORITY } from '../names.ts';

/** Has a router tell those who were texted of a problem that it is over; the same end twice is one. */
export async function announceEnd(alerts: Queue, ended: Ended): Promise<void> {
  await alerts.add(ENDED_JOB, ended, { jobId: `e-${hash('ended', ended.dedupHash, String(ended.at))}`, priority: PRIORITY.info });
}
