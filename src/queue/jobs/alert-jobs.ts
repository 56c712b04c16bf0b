import { randomUUID } from 'node:crypto';
import type { Queue } from 'bullmq';
import { hash } from '../../alert/id.ts';
import { maskNumbers } from '../../alert/phone/phone.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Ended } from '../../pipeline/resolved/notify-resolved.ts';
import { bullmq } from '../bullmq.ts';
import { ENDED_JOB, PRIORITY } from '../names.ts';
import type { Acknowledgement } from '../producer/producer-port.ts';

/** Promotes delayed messages, so that their workers re-evaluate them; jobs in other states are unchanged. */
export async function promoteMessages(messages: Queue, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => promote(messages, id)));
}

async function promote(messages: Queue, id: string): Promise<void> {
  const job = await messages.getJob(id);
  try {
    await job?.promote();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== bullmq.ErrorCode.JobNotInState && code !== bullmq.ErrorCode.JobNotExist) throw error;
  }
}

/** Acknowledges alerts. Numbers in `by`, which may be free text of a caller, are masked. */
type AcknowledgeAlert = (alertId: string, by: string, at: Date, run?: string) => Promise<Acknowledgement>;

/** Cancels open messages of the alert's dedup key and promotes delayed ones, so that they end immediately. */
export function createAcknowledgeAlert({ acknowledge }: Pick<Ledger, 'acknowledge'>, messages: Queue): AcknowledgeAlert {
  return async (alertId, by, at, run = randomUUID()) => {
    const acknowledged = await acknowledge({ alertId, by: maskNumbers(by), at, run });
    if (acknowledged.kind !== 'acknowledged') return acknowledged;
    await promoteMessages(messages, acknowledged.open);
    return { kind: 'acknowledged', cancelled: acknowledged.open.length };
  };
}

/** Queues the job that notifies recipients of a resolve. Idempotent. */
export async function announceEnd(alerts: Queue, ended: Ended): Promise<void> {
  await alerts.add(ENDED_JOB, ended, { jobId: `e-${hash('ended', ended.dedupHash, String(ended.at))}`, priority: PRIORITY.info });
}
