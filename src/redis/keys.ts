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
/** How long a provider's own message id leads back to ours. */
export const RECEIPT_INDEX_TTL_MS = 4 * DAY_MS;
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
    /** String: which alert holds the dedupe claim of a dedup key. */
    claim: (dedupHash: string) => `${prefix}:claim:${dedupHash}`,
    /** String: when a dedup key was last resolved, ms. */
    resolved: (dedupHash: string) => `${prefix}:resolved:${dedupHash}`,
    /** Set: message ids of a dedup key that have no outcome yet. */
    open: (dedupHash: string) => `${prefix}:open:${dedupHash}`,
    /** Integer: messages without an outcome, all together. */
    inFlight: () => `${prefix}:in-flight`,
    /** Sorted set: messages of which nobody knows whether they were sent, by when that became of them, ms. */
    unknown: () => `${prefix}:unknown`,
    /** String: one of those with its whole number and text, as it would be sent once more. */
    kept: (messageId: string) => `${prefix}:kept:${messageId}`,
    /** String: our message id behind a provider's. */
    receiptIndex: (provider: string, providerMessageId: string) => `${prefix}:receipt:${provider}:${hash('receipt', providerMessageId)}`,
    /** String: written only while Redis is in trouble, to learn whether it takes writes again. */
    probe: () => `${prefix}:probe`,
    /** Stream: what the simulated provider took. */
    outbox: () => `${prefix}:simulated:outbox`,
    /** Id of a bottleneck limiter; bottleneck puts `b_` before and its own suffixes behind it. */
    limiter: (name: string) => `${prefix}:cap:${name}`,
  } as const;
}
