/**
 * Every Redis key of sms-dispatch, and its lifetime. `prefix` is `redis.prefix`; its braces keep all keys in one slot of a
 * Redis Cluster. Ids chosen by callers and vendors are hashed: they may contain a phone number, which key names must not reveal.
 */

import { hash } from '../alert/id.ts';

const DAY_MS = 86_400_000;

/** Retention of the outcome of alerts and messages; longer than any job is kept. */
export const LEDGER_TTL_MS = 7 * DAY_MS;
/** How long a resolve applies to messages still in flight. */
export const RESOLVED_TTL_MS = 2 * DAY_MS;
/** How long an acknowledgement code is valid. */
export const ACK_CODE_TTL_MS = 2 * DAY_MS;
/** How long a provider's message id maps to ours. */
export const RECEIPT_INDEX_TTL_MS = 4 * DAY_MS;
/** How long an opt-in overrides older opt-outs: a receipt may still report a message from before it. */
export const OPTED_IN_TTL_MS = 7 * DAY_MS;
/** How long a repeated inbound message is recognised. */
export const INBOUND_TTL_MS = 7 * DAY_MS;
/** How long a reserved price can be settled: longer than any provider call and any outage. */
export const BUDGET_HOLD_TTL_MS = DAY_MS;
/** Lifetime of a digest that is never sent. */
export const DIGEST_TTL_MS = 7 * DAY_MS;
/** How long a digest may wait for free capacity: one day less than the ledger keeps its entry. */
export const LONGEST_DIGEST_LIFE_MS = 6 * DAY_MS;
/** Approximate number of journal entries kept: about 10 MB. */
export const JOURNAL_LENGTH = 50_000;
/** How long a failed or expired critical stays in the list that the overview reads. */
export const MISSED_TTL_MS = DAY_MS;
/** How long the state of a circuit breaker that is not closed is valid: a crashed dispatcher sends no update. */
export const CIRCUITS_TTL_MS = 60 * 60_000;
/** How long a process counts as running after its last announcement. */
export const PROCESS_TTL_MS = 90_000;
/** How long the journal cursor of an unused outgoing webhook is kept. */
export const JOURNAL_CURSOR_TTL_MS = 7 * DAY_MS;
/** Length of one bucket of the cap usage statistics. */
export const CONTRIBUTION_BUCKET_MS = 600_000;
/** Lifetime of a bucket after its last write: the overview reads the last hour. */
export const CONTRIBUTIONS_TTL_MS = 2 * 60 * 60_000;
/** Number of inbound messages kept with their result. */
export const INBOUND_LENGTH = 1000;
/** Entries kept in the simulated provider's outbox. */
export const OUTBOX_LENGTH = 10_000;

export type Keys = ReturnType<typeof createKeys>;

export function createKeys(prefix: string) {
  return {
    prefix,
    /** String: the summary of an accepted alert; its presence makes a second one a duplicate. */
    seen: (alertId: string) => `${prefix}:seen:${hash('alert', alertId)}`,
    /** Hash: outcome, events and message ids of an alert; `LEDGER_TTL_MS`. */
    alert: (alertId: string) => `${prefix}:alert:${hash('alert', alertId)}`,
    /** Hash: ledger entry of a message; `LEDGER_TTL_MS`. */
    message: (messageId: string) => `${prefix}:message:${messageId}`,
    /** Hash: phone hash, simulator lane or channel → alert that holds the dedupe claim of a dedup key there; until the last claim expires. */
    claims: (dedupHash: string) => `${prefix}:claims:${dedupHash}`,
    /** String: when a dedup key was last resolved, ms. */
    resolved: (dedupHash: string) => `${prefix}:resolved:${dedupHash}`,
    /** String: when a dedup key was last acknowledged, ms, in which run and by which person. */
    acknowledged: (dedupHash: string) => `${prefix}:acknowledged:${dedupHash}`,
    /** String: the message that an acknowledgement code identifies for a phone; `ACK_CODE_TTL_MS`. */
    ackCode: (phoneHash: string, code: string) => `${prefix}:ack-code:${phoneHash}:${code}`,
    /** Sorted set: messages to a phone with codes, by assignment time, ms; `ACK_CODE_TTL_MS` after the last one. */
    ackCodes: (phoneHash: string) => `${prefix}:ack-codes:${phoneHash}`,
    /** Hash: recipients to notify when a dedup key is resolved, message id → message with full number; `RESOLVED_TTL_MS` after the last one. */
    resolveSubscribers: (dedupHash: string) => `${prefix}:owed:${dedupHash}`,
    /** Set: message ids of a dedup key that have no outcome yet. */
    open: (dedupHash: string) => `${prefix}:open:${dedupHash}`,
    /** Sorted set: messages without an outcome, by the time their job was last seen, ms; `LEDGER_TTL_MS` after the last one. */
    openMessages: () => `${prefix}:open-messages`,
    /** Sorted set: same for alerts added by our producers. */
    pendingAlerts: () => `${prefix}:pending-alerts`,
    /** String: job of such an alert, until it has an outcome. */
    pendingJob: (alertId: string) => `${prefix}:pending-job:${hash('alert', alertId)}`,
    /** Sorted set: alerts and messages whose missing job was added again, by time, ms; an hour. */
    requeued: () => `${prefix}:requeued`,
    /** Hash: message id → provider requests lost in a failover together with the message; an hour after the last one. */
    lostSends: () => `${prefix}:lost-sends`,
    /** Integer: total number of messages without an outcome. */
    inFlight: () => `${prefix}:in-flight`,
    /** Sorted set: messages with unknown outcome, by the time it became unknown, ms. */
    unknown: () => `${prefix}:unknown`,
    /** Sorted set: messages that ended in a listed state, by end time, ms; entries older than the ledger are removed. */
    ended: (state: string) => `${prefix}:ended:${state}`,
    /** String: message with unknown outcome, with full number and text, for a resend. */
    kept: (messageId: string) => `${prefix}:kept:${messageId}`,
    /** Sorted set: critical messages held back, by the start of the wait, ms; `LEDGER_TTL_MS` after the last one. */
    heldCriticals: () => `${prefix}:held-criticals`,
    /** Sorted set: critical alerts and messages that failed or expired, by time, ms; `MISSED_TTL_MS`. */
    missedCriticals: () => `${prefix}:missed-criticals`,
    /** Hash: the open digest of a phone; `DIGEST_TTL_MS` after the last entry. */
    digest: (phoneHash: string) => `${prefix}:digest:${phoneHash}`,
    /** Hash: the content of a closed digest, until it is sent; `DIGEST_TTL_MS`. */
    digestContent: (digestId: string) => `${prefix}:digest-content:${digestId}`,
    /** Hash: size and times of an alert storm at a phone; `DIGEST_TTL_MS` after the last one. */
    storm: (phoneHash: string) => `${prefix}:storm:${phoneHash}`,
    /** Hash: the new critical that waits for the reserved slot of a phone, and until when the digest has priority; the longest window, at least an hour. */
    keptSlot: (phoneHash: string) => `${prefix}:kept-slot:${phoneHash}`,
    /** Sorted set: dedup keys of the criticals sent to a phone, by time, ms; the longest window, at least an hour. */
    sentCriticals: (phoneHash: string) => `${prefix}:told:${phoneHash}`,
    /** String: our message id for a provider's; `RECEIPT_INDEX_TTL_MS`. */
    receiptIndex: (provider: string, providerMessageId: string) => `${prefix}:receipt:${provider}:${hash('receipt', providerMessageId)}`,
    /** Hash: phone hash → opt-out and its time. No TTL: only the recipient or an operator revokes it. */
    optOuts: () => `${prefix}:opt-outs`,
    /** String: when a phone last opted in, ms; `OPTED_IN_TTL_MS`. */
    optedIn: (phoneHash: string) => `${prefix}:opted-in:${phoneHash}`,
    /** String: marks an inbound message as processed; `INBOUND_TTL_MS`. */
    inbound: (provider: string, providerMessageId: string) => `${prefix}:inbound:${provider}:${hash('inbound', providerMessageId)}`,
    /** Hash: id → inbound message; the newest `INBOUND_LENGTH`. */
    keptInbound: () => `${prefix}:kept-inbound`,
    /** Sorted set: ids of inbound messages, by arrival, ms. */
    keptInboundOrder: () => `${prefix}:kept-inbound-order`,
    /** String: written only during an outage, to check whether Redis accepts writes. */
    probe: () => `${prefix}:probe`,
    /** Hash: id of this data set, a counter and the writers of its latest steps. No TTL: its absence means that data was lost. */
    dataSet: () => `${prefix}:data-set`,
    /** List: start of each data set, newest first; the newest 20. No TTL: it is the second marker. */
    dataSetHistory: () => `${prefix}:data-set-history`,
    /** Stream: state changes of alerts and messages, in order; the newest `JOURNAL_LENGTH`. */
    journal: () => `${prefix}:journal`,
    /** Hash: dispatcher and provider → state of a circuit breaker that is not closed; `CIRCUITS_TTL_MS` after the last change. */
    circuits: () => `${prefix}:circuits`,
    /** Hash: BullMQ's metadata of a queue, read for its paused state. */
    queueMeta: (queue: string) => `${prefix}:${queue}:meta`,
    /** Sorted set: messages parked until a provider recovers, by deadline, ms; `LEDGER_TTL_MS` after the last one. */
    parked: (provider: string, urgent: boolean) => `${prefix}:parked:${provider}:${urgent ? 'urgent' : 'rest'}`,
    /** Hash: running process → time of its last announcement, ms, and its config; `PROCESS_TTL_MS` after the last one. */
    processes: () => `${prefix}:processes`,
    /** String: position of a journal reader, such as an outgoing webhook; `JOURNAL_CURSOR_TTL_MS` after the last read. */
    journalCursor: (reader: string) => `${prefix}:journal-cursor:${reader}`,
    /** Hash: source or contact of sent and held-back messages within ten minutes → count; `CONTRIBUTIONS_TTL_MS`. */
    contributions: (bucket: number) => `${prefix}:contributions:${bucket}`,
    /** Stream: messages that the simulated provider accepted; the newest `OUTBOX_LENGTH`. */
    outbox: () => `${prefix}:simulated:outbox`,
    /** Hash: money spent and reserved in an hour, day or month; kept for a day after the period. */
    budget: (period: string) => `${prefix}:budget:${period}`,
    /** Hash: route → `simulated`, or the time since which it has a real provider, ms. No TTL: a trial may be long ago. */
    routeKinds: () => `${prefix}:route-kinds`,
    /** String: whether caps use, or may use, the key names of releases before 0.1.0. No TTL. */
    capNames: () => `${prefix}:cap-names`,
    /** Hash: price that an attempt has reserved in the budget periods; `BUDGET_HOLD_TTL_MS`. */
    budgetHold: (token: string) => `${prefix}:budget-hold:${token}`,
    /** Id of a bottleneck limiter, which prefixes its keys and, for pacing, names its channel. */
    limiter: (name: string) => `${prefix}:cap:${name}`,
  } as const;
}
