/**
 * Every Redis key that we own, and how long it lives. `prefix` is `redis.prefix`, whose braces keep a Cluster on one slot.
 * Ids that callers and vendors choose are hashed: they may be, or hold, a phone number, which no key name gives away.
 */

import { hash } from '../alert/id.ts';

const DAY_MS = 86_400_000;

/** What became of an alert and its messages; longer than any job is kept. */
export const LEDGER_TTL_MS = 7 * DAY_MS;
/** How long a resolve is remembered for texts still on their way. */
export const RESOLVED_TTL_MS = 2 * DAY_MS;
/** How long a reply with a code is understood. */
export const ACK_CODE_TTL_MS = 2 * DAY_MS;
/** How long a provider's own message id leads back to ours. */
export const RECEIPT_INDEX_TTL_MS = 4 * DAY_MS;
/** How long an opt-in outlasts older words: a receipt may still speak of a text from before it. */
export const OPTED_IN_TTL_MS = 7 * DAY_MS;
/** How long a text that came in is known when it comes in again. */
export const INBOUND_TTL_MS = 7 * DAY_MS;
/** How long a reserved price can be settled: longer than any call and any outage that its answer waits through. */
export const BUDGET_HOLD_TTL_MS = DAY_MS;
/** How long what a digest gathers is kept when nothing more comes and it is not sent. */
export const DIGEST_TTL_MS = 7 * DAY_MS;
/** How long a digest may wait for room: the ledger keeps its entry for a day more. */
export const LONGEST_DIGEST_LIFE_MS = 6 * DAY_MS;
/** Entries kept of the journal, about: some 10 MB. */
export const JOURNAL_LENGTH = 50_000;
/** How long a critical that failed or expired stays in the list that the overview reads. */
export const MISSED_TTL_MS = DAY_MS;
/** How long a circuit breaker that is not closed is believed to be so: a dispatcher that died says nothing more. */
export const CIRCUITS_TTL_MS = 60 * 60_000;
/** How long a process is taken to run after it last published its note. */
export const PROCESS_TTL_MS = 90_000;
/** How long an outgoing webhook that nobody serves keeps its place in the journal. */
export const JOURNAL_CURSOR_TTL_MS = 7 * DAY_MS;
/** Contributions are counted by the ten minutes, and kept for an hour beyond the last of them. */
export const CONTRIBUTION_BUCKET_MS = 600_000;
export const CONTRIBUTIONS_TTL_MS = 2 * 60 * 60_000;
/** Texts that came in and are kept with what was made of them. */
export const INBOUND_LENGTH = 1000;
/** Entries kept in the simulated provider's outbox. */
export const OUTBOX_LENGTH = 10_000;

export type Keys = ReturnType<typeof createKeys>;

export function createKeys(prefix: string) {
  return {
    prefix,
    /** String: the summary of an accepted alert; its presence makes a second one a duplicate. */
    seen: (alertId: string) => `${prefix}:seen:${hash('alert', alertId)}`,
    /** Hash: an alert's outcome, events and message ids. */
    alert: (alertId: string) => `${prefix}:alert:${hash('alert', alertId)}`,
    /** Hash: a message's ledger entry. */
    message: (messageId: string) => `${prefix}:message:${messageId}`,
    /** Hash: phone hash, lane of the simulator, or channel → the alert that holds the dedupe claim of a dedup key there; until the last claim expires. */
    claims: (dedupHash: string) => `${prefix}:claims:${dedupHash}`,
    /** String: when a dedup key was last resolved, ms. */
    resolved: (dedupHash: string) => `${prefix}:resolved:${dedupHash}`,
    /** String: when a dedup key was last acknowledged, ms, in which run and by whom. */
    acknowledged: (dedupHash: string) => `${prefix}:acknowledged:${dedupHash}`,
    /** String: the message that a phone means by a code; `ACK_CODE_TTL_MS`. */
    ackCode: (phoneHash: string, code: string) => `${prefix}:ack-code:${phoneHash}:${code}`,
    /** Sorted set: messages to a phone that have codes, by when they got them, ms; `ACK_CODE_TTL_MS` after the last one. */
    ackCodes: (phoneHash: string) => `${prefix}:ack-codes:${phoneHash}`,
    /** Hash: who is told when a dedup key is resolved, message id → message, whole number and all; `RESOLVED_TTL_MS` after the last one. */
    owed: (dedupHash: string) => `${prefix}:owed:${dedupHash}`,
    /** Set: message ids of a dedup key that have no outcome yet. */
    open: (dedupHash: string) => `${prefix}:open:${dedupHash}`,
    /** Sorted set: messages without an outcome, by when it was last seen that they have a job, ms; `LEDGER_TTL_MS` after the last one. */
    openMessages: () => `${prefix}:open-messages`,
    /** Sorted set: the same of alerts that a producer of ours added. */
    pendingAlerts: () => `${prefix}:pending-alerts`,
    /** String: the job of such an alert; until it has its outcome. */
    pendingJob: (alertId: string) => `${prefix}:pending-job:${hash('alert', alertId)}`,
    /** Sorted set: alerts and messages whose job was missing and was added again, by when, ms; an hour. */
    requeued: () => `${prefix}:requeued`,
    /** Hash: message id → requests to providers that a failover lost together with the message; an hour after the last one. */
    lostSends: () => `${prefix}:lost-sends`,
    /** Integer: messages without an outcome, all together. */
    inFlight: () => `${prefix}:in-flight`,
    /** Sorted set: messages of which nobody knows whether they were sent, by when that became of them, ms. */
    unknown: () => `${prefix}:unknown`,
    /** Sorted set: messages that ended in a state that a person may look for, by when, ms; entries as old as the ledger's go. */
    ended: (state: string) => `${prefix}:ended:${state}`,
    /** String: one of those with its whole number and text, as it would be sent once more. */
    kept: (messageId: string) => `${prefix}:kept:${messageId}`,
    /** Sorted set: critical messages that something keeps from being sent, by since when, ms; `LEDGER_TTL_MS` after the last one. */
    heldCriticals: () => `${prefix}:held-criticals`,
    /** Sorted set: critical alerts and messages that failed or expired, by when, ms; `MISSED_TTL_MS`. */
    missedCriticals: () => `${prefix}:missed-criticals`,
    /** Hash: the digest of a phone that still gathers; `DIGEST_TTL_MS` after the last one. */
    digest: (phoneHash: string) => `${prefix}:digest:${phoneHash}`,
    /** Hash: what a closed digest says, until it is sent; `DIGEST_TTL_MS`. */
    digestContent: (digestId: string) => `${prefix}:digest-content:${digestId}`,
    /** Hash: how much a storm at a phone has brought, and when; `DIGEST_TTL_MS` after the last one. */
    storm: (phoneHash: string) => `${prefix}:storm:${phoneHash}`,
    /** Hash: which new critical waits for the kept slot of a phone, and how long the digest is next; the longest window, at least an hour. */
    keptSlot: (phoneHash: string) => `${prefix}:kept-slot:${phoneHash}`,
    /** Sorted set: dedup keys of the criticals that a phone was texted about, by when, ms; the longest window, at least an hour. */
    told: (phoneHash: string) => `${prefix}:told:${phoneHash}`,
    /** String: our message id behind a provider's. */
    receiptIndex: (provider: string, providerMessageId: string) => `${prefix}:receipt:${provider}:${hash('receipt', providerMessageId)}`,
    /** Hash: phone hash → who wants no texts, and since when. Without an end: only the recipient or an operator takes it back. */
    optOuts: () => `${prefix}:opt-outs`,
    /** String: when a phone last opted in, ms. */
    optedIn: (phoneHash: string) => `${prefix}:opted-in:${phoneHash}`,
    /** String: a text that came in has been worked off. */
    inbound: (provider: string, providerMessageId: string) => `${prefix}:inbound:${provider}:${hash('inbound', providerMessageId)}`,
    /** Hash: id → a text that came in; the newest `INBOUND_LENGTH`. */
    keptInbound: () => `${prefix}:kept-inbound`,
    /** Sorted set: ids of those, by when they came, ms. */
    keptInboundOrder: () => `${prefix}:kept-inbound-order`,
    /** String: written only while Redis is in trouble, to learn whether it takes writes again. */
    probe: () => `${prefix}:probe`,
    /** Hash: id of this data set, a counter and who wrote its newest steps. Without an end: its absence shows a loss. */
    dataSet: () => `${prefix}:data-set`,
    /** List: how each data set began, newest first; the newest 20. Without an end, as the marker that stands beside the other. */
    dataSetHistory: () => `${prefix}:data-set-history`,
    /** Stream: what became of alerts and messages, in the order it happened; the newest `JOURNAL_LENGTH`. */
    journal: () => `${prefix}:journal`,
    /** Hash: dispatcher and provider → a circuit breaker that is not closed; `CIRCUITS_TTL_MS` after the last change. */
    circuits: () => `${prefix}:circuits`,
    /** Hash: BullMQ's own of a queue, which says whether it is paused. */
    queueMeta: (queue: string) => `${prefix}:${queue}:meta`,
    /** Sorted set: messages that wait for a resting provider, by their deadline, ms; `LEDGER_TTL_MS` after the last one. */
    parked: (provider: string, urgent: boolean) => `${prefix}:parked:${provider}:${urgent ? 'urgent' : 'rest'}`,
    /** Hash: running process → when it last published, ms, and which config it uses; `PROCESS_TTL_MS` after the last one. */
    processes: () => `${prefix}:processes`,
    /** String: how far a reader of the journal, such as an outgoing webhook, has come; `JOURNAL_CURSOR_TTL_MS` after the last look. */
    journalCursor: (reader: string) => `${prefix}:journal-cursor:${reader}`,
    /** Hash: who caused messages, and who was held back, within ten minutes → how many; `CONTRIBUTIONS_TTL_MS`. */
    contributions: (bucket: number) => `${prefix}:contributions:${bucket}`,
    /** Stream: what the simulated provider took. */
    outbox: () => `${prefix}:simulated:outbox`,
    /** Hash: what is spent and reserved in the running hour, day or month; it outlives its period by a day. */
    budget: (period: string) => `${prefix}:budget:${period}`,
    /** Hash: route → `simulated`, or since when it has a real provider, ms. Without an end: a trial may be long past. */
    routeKinds: () => `${prefix}:route-kinds`,
    /** String: whether caps are still counted under the names of releases before 0.1.0, or may be found there; without an end. */
    capNames: () => `${prefix}:cap-names`,
    /** Hash: the price that one attempt holds in those. */
    budgetHold: (token: string) => `${prefix}:budget-hold:${token}`,
    /** Id of a bottleneck limiter, to which bottleneck's own suffixes are added; also the channel of one that paces. */
    limiter: (name: string) => `${prefix}:cap:${name}`,
  } as const;
}
