import { randomUUID } from 'node:crypto';
import type { Queue } from 'bullmq';
import { maskNumbers } from '../../alert/phone.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { wakeMessages } from '../jobs/wake.ts';
import type { Acknowledgement } from './producer-port.ts';

/** `by` may be a stranger's words: numbers in it are masked. */
export type AcknowledgeAlert = (alertId: string, by: string, at: Date, run?: string) => Promise<Acknowledgement>;

/** Ends what is open of the alert's dedup key, and wakes what waits so that it finds out now. */
export function createAcknowledgeAlert({ acknowledge }: Pick<Ledger, 'acknowledge'>, messages: Queue): AcknowledgeAlert {
  return async (alertId, by, at, run = randomUUID()) => {
    const acknowledged = await acknowledge({ alertId, by: maskNumbers(by), at, run });
    if (acknowledged.kind !== 'acknowledged') return acknowledged;
    await wakeMessages(messages, acknowledged.open);
    return { kind: 'acknowledged', cancelled: acknowledged.open.length };
  };
}
