import { hash } from '../alert/id.ts';
import type { Severity } from '../alert/severity.ts';

/** Public: producers in other languages put their jobs here. */
export const ALERT_QUEUE = 'sms-alerts';
export const MESSAGE_QUEUE = 'sms-messages';
export const RECEIPT_QUEUE = 'sms-receipts';
export const LOOKUP_QUEUE = 'sms-lookups';
export const INBOUND_QUEUE = 'sms-inbound';
export const NOTICE_QUEUE = 'sms-notices';
export const EVENT_QUEUE = 'sms-events';
export const QUEUES = [ALERT_QUEUE, MESSAGE_QUEUE, RECEIPT_QUEUE, LOOKUP_QUEUE, INBOUND_QUEUE, NOTICE_QUEUE, EVENT_QUEUE] as const;

/** Public: the name of a job on {@link ALERT_QUEUE}. */
export const ALERT_JOB = 'alert';
/** Of a dead alert that an operator sent through once more. */
export const ALERT_AGAIN_JOB = 'alert-again';

/** On {@link ALERT_QUEUE}: a problem is over, of which some may have to be told. */
export const ENDED_JOB = 'alert-ended';

export const MESSAGE_JOB = 'message';
/** Of a message that an earlier run may have brought to its end: its worker asks the ledger first. */
export const MESSAGE_AGAIN_JOB = 'message-again';

export const NOTICE_JOB = 'notice';
/** Of one that an operator sent through once more: its time runs anew. */
export const NOTICE_AGAIN_JOB = 'notice-again';

/** BullMQ job ids share the key space of the queue, so no caller's text ever becomes one. */
export function alertJobId(alertId: string): string {
  return `a-${hash('job', alertId)}`;
}

/** BullMQ serves jobs without a priority before all others: that is the lane of the criticals. */
export const PRIORITY: Readonly<Record<Severity, number>> = { critical: 0, error: 2, warning: 4, info: 6 };
/**
 * Of a message that comes back after a wait: behind all new ones of its severity. Many that waited for the same thing come
 * back together, and a new critical must not wait for them.
 */
export const RETURN_PRIORITY: Readonly<Record<Severity, number>> = { critical: 1, error: 3, warning: 5, info: 7 };

const WEEK_S = 7 * 86_400;
/** What is done is in the ledger; what failed waits for a person. */
export const KEEP = { removeOnComplete: { count: 0 }, removeOnFail: { age: 2 * WEEK_S, count: 100_000 } } as const;
/**
 * Of every `Queue`. How a call meets an outage is its connection's to decide: left to itself, BullMQ holds the calls made
 * before the first connection and sends them when Redis comes up, long after the caller was told that they failed, and a
 * first INFO that fails would spoil the queue for good. Which server is fit we check ourselves, when a process starts.
 */
export const QUEUE_OPTIONS = {
  skipWaitingForReady: true,
  skipVersionCheck: true,
  // BullMQ's own event stream, which nobody of ours reads.
  streams: { events: { maxLen: 1000 } },
} as const;
