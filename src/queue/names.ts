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
/** Name of the job of an alert that an operator replayed. */
export const ALERT_AGAIN_JOB = 'alert-again';

/** On {@link ALERT_QUEUE}: an alert was resolved; its recipients may have to be notified. */
export const ENDED_JOB = 'alert-ended';

export const MESSAGE_JOB = 'message';
/** Job of a message that an earlier run may have finished: its worker asks the ledger first. */
export const MESSAGE_AGAIN_JOB = 'message-again';

export const NOTICE_JOB = 'notice';
/** Job of a notice that an operator replayed: its deadline starts over. */
export const NOTICE_AGAIN_JOB = 'notice-again';

/** Hash of an alert id: BullMQ job ids share the queue's key space, so a caller's text is never used as one. */
export function alertJobId(alertId: string): string {
  return `a-${hash('job', alertId)}`;
}

/** BullMQ priorities. Jobs without one run first: criticals have none. */
export const PRIORITY: Readonly<Record<Severity, number>> = { critical: 0, error: 2, warning: 4, info: 6 };
/**
 * Priorities of messages that return after a wait: behind new ones of their severity. Many may return
 * together, and a new critical must not wait for them.
 */
export const RETURN_PRIORITY: Readonly<Record<Severity, number>> = { critical: 1, error: 3, warning: 5, info: 7 };

const WEEK_S = 7 * 86_400;
/** Completed jobs are removed, since the ledger has the result; failed ones are kept for a person. */
export const KEEP = { removeOnComplete: { count: 0 }, removeOnFail: { age: 2 * WEEK_S, count: 100_000 } } as const;
/**
 * Options of every `Queue`. The connection decides how a call behaves during an outage: by default BullMQ holds calls made
 * before the first connection and sends them when Redis comes up, long after the caller got an error, and a
 * failed first INFO makes the queue unusable. Processes check the server themselves at start.
 */
export const QUEUE_OPTIONS = {
  skipWaitingForReady: true,
  skipVersionCheck: true,
  // BullMQ's event stream, which is not used.
  streams: { events: { maxLen: 1000 } },
} as const;
