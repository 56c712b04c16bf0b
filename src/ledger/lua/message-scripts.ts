import type { Severity } from '../../alert/severity.ts';
import { nowLua } from '../../redis/clock/redis-clock.ts';
import { defineScript, noReply } from '../../redis/define-script.ts';
import { LEDGER_TTL_MS, RECEIPT_INDEX_TTL_MS } from '../../redis/keys.ts';
import { setOf, wordsOf } from '../../redis/lua-source.ts';
import { closedByLua } from '../acknowledge/closure-script.ts';
import { PLANNED_WAITS } from '../criticals.ts';
import { type HistoryAttempt, IN_FLIGHT, MESSAGE_STATES, type MessageState } from '../history/history.ts';
import { writeEntryLua } from '../journal/journal.ts';
import { boundLeaseLua } from '../lease.ts';
import { indexEndedLua } from '../lists/ended.ts';
import { followLua } from '../lists/in-flight.ts';
import { EVENTS_LENGTH } from '../records.ts';
import { claimHolderLua, holdLua, missLua, releaseClaimLua, takeClaimsLua } from './shared/parts.ts';

/**
 * Atomic ledger steps of a message. Leases use the Redis clock, so that replicas with wrong clocks agree on them. A
 * step that a reconnecting client sends twice returns the same reply: each carries the token of the run that sent it.
 */

/**
 * The compare-and-set before every send; repeating it restarts the lease. `phoneHashes`: every hash of the phone.
 * Returns `lost` where a failover lost earlier requests of the message, which `restoreScript` kept.
 */
export const openAttemptScript = defineScript(new URL('open-attempt.lua', import.meta.url), {
  keys: ['message', 'resolved', 'optOuts', 'acknowledged', 'lostSends'],
  args: {
    messageId: 'string',
    token: 'string',
    record: 'string',
    leaseMs: 'number',
    unknownsAllowed: 'number',
    receivedAt: 'number',
    phoneHashes: 'strings',
  },
  reply: {
    opened: { number: 'number' },
    ended: { state: MESSAGE_STATES },
    busy: { until: 'number' },
    lost: { sends: 'string' },
    orphan: {},
    resolved: {},
    acknowledged: {},
    opted_out: {},
    spent: {},
    missing: {},
  },
  constants: { IN_FLIGHT: setOf(IN_FLIGHT), STATE: wordsOf<MessageState>('sending', 'deferred') },
  includes: [nowLua, closedByLua, boundLeaseLua],
  batched: true,
});

/**
 * Closes an attempt, changes the state, or both. `token`, `attempt` (its number), `record` and `result` belong to the
 * attempt; `keep` is the message to keep while its outcome is unknown. `keys.ended`: the index of the new state.
 * Returns a value of `Moved`.
 */
export const moveScript = defineScript(new URL('move.lua', import.meta.url), {
  keys: [
    'message',
    'inFlight',
    'open',
    'claims',
    'unknown',
    'kept',
    'acknowledged',
    'journal',
    'heldCriticals',
    'missedCriticals',
    'failed',
    'ended',
    'openMessages',
    '...receiptIndexes',
  ],
  args: {
    run: 'string',
    messageId: 'string',
    alertId: 'string',
    state: 'string',
    token: 'string?',
    attempt: 'number?',
    record: 'string?',
    result: 'string?',
    events: 'string?',
    keep: 'string?',
    journalLine: 'string',
    fields: 'fields',
  },
  reply: ['moved', 'ended', 'late', 'again', 'disproved', 'missing'],
  constants: {
    LEDGER_TTL_MS,
    RECEIPT_INDEX_TTL_MS,
    EVENTS_LENGTH,
    IN_FLIGHT: setOf(IN_FLIGHT),
    STATE: wordsOf<MessageState>('deferred', 'accepted', 'unknown', 'failed', 'expired', 'suppressed'),
    RESULT: wordsOf<HistoryAttempt['result'] & string>('accepted', 'refused', 'unknown'),
    SEVERITY: wordsOf<Severity>('critical'),
    PLANNED: setOf(PLANNED_WAITS),
  },
  includes: [nowLua, releaseClaimLua, writeEntryLua, holdLua, missLua, indexEndedLua],
  batched: true,
});

/**
 * Replays a failed or expired message: the same message with all its history. Each replay has a number, so that the
 * second run of the same replay changes nothing, whatever has happened since. Its dedupe claim was released when it
 * ended. The replay takes it again if it is free, so that repeats of the alert are duplicates of the replayed message;
 * a claim that another alert holds by now stays with that alert. `content`: job data.
 */
export const reopenScript = defineScript(new URL('reopen.lua', import.meta.url), {
  keys: ['message', 'inFlight', 'open', 'alert', 'journal', 'claims', 'failed', 'expired', 'openMessages'],
  args: {
    messageId: 'string',
    alertId: 'string',
    number: 'number',
    expiresAt: 'number',
    event: 'string',
    journalLine: 'string',
    dedupeMs: 'number',
    rank: 'number',
    receivedAt: 'number',
    lane: 'string',
    content: 'string?',
  },
  reply: ['reopened', 'kept', 'missing'],
  constants: { LEDGER_TTL_MS, REPLAYED: setOf<MessageState>(['failed', 'expired']), STATE: wordsOf<MessageState>('queued') },
  includes: [nowLua, followLua, writeEntryLua, claimHolderLua, takeClaimsLua],
});

/** Returns the objection to replaying an alert's message. `dedupeMs` 0: its claim is ignored. */
export const objectionScript = defineScript(new URL('objection.lua', import.meta.url), {
  keys: ['resolved', 'acknowledged', 'claims'],
  args: { receivedAt: 'number', alertId: 'string', rank: 'number', dedupeMs: 'number', lane: 'string' },
  reply: { none: {}, resolved: {}, acknowledged: {}, duplicate: { of: 'string' } },
  includes: [nowLua, closedByLua, claimHolderLua],
});

/** Adds an event to the history of a failed or expired message, once. */
export const noteScript = defineScript(new URL('note.lua', import.meta.url), {
  keys: ['message'],
  args: { event: 'string' },
  reply: noReply,
  constants: { NOTED: setOf<MessageState>(['failed', 'expired']) },
});
