import { randomUUID } from 'node:crypto';
import { ErrorCode, type Queue } from 'bullmq';
import { hash } from '../../alert/id.ts';
import { maskNumbers } from '../../alert/phone.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Ended } from '../../pipeline/resolved/notify-resolved.ts';
import { ENDED_JOB, PRIORITY } from '../names.ts';
import type { Acknowledgement } from '../producer/producer-port.ts';

/** Lets delayed messages run now, so that each finds out for itself what has changed; others are left alone. */
export async function promoteMessages(messages: Queue, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => promote(messages, id)));
}

async function promote(messages: Queue, id: string): Promise<void> {
  const job = await messages.getJob(id);
  try {
    await job?.promote();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== ErrorCode.JobNotInState && code !== ErrorCode.JobNotExist) throw error;
  }
}

/** `by` may be a stranger's words: numbers in it are masked. */
type AcknowledgeAlert = (alertId: string, by: string, at: Date, run?: string) => Promise<Acknowledgement>;

/** Ends what is open of the alert's dedup key, and wakes what waits so that it finds out now. */
export function createAcknowledgeAlert({ acknowledge }: Pick<Ledger, 'acknowledge'>, messages: Queue): AcknowledgeAlert {
  return async (alertId, by, at, run = randomUUID()) => {
    const acknowledged = await acknowledge({ alertId, by: maskNumbers(by), at, run });
    if (acknowledged.kind !== 'acknowledged') return acknowledged;
    await promoteMessages(messages, acknowledged.open);
    return { kind: 'acknowledged', cancelled: acknowledged.open.length };
  };
}

/** Has a router tell those who were texted of a problem that it is over; the same end twice is one. */
export async function announceEnd(alerts: Queue, ended: Ended): Promise<void> {
  await alerts.add(ENDED_JOB, ended, { jobId: `e-${hash('ended', ended.dedupHash, String(ended.at))}`, priority: PRIORITY.info });
}
