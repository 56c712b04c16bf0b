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
 * The ledger's atomic steps of a message. Leases run on Redis' own clock, so that replicas with wrong clocks agree on them.
 * A step that a reconnecting client sends twice answers the second time as it did the first: each carries the token of
 * the run that sent it.
 */

/**
 * The compare-and-set before every send; repeated, it begins the lease again. `phoneHashes`: every hash of the phone. Answers
 * `lost` where a failover lost earlier requests of the message, which `restoreScript` kept.
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
  constants: { IN_FLIGHT: setOf(IN_FLIGHT), STATE: wordsOf<MessageState>('sending') },
  includes: [nowLua, closedByLua, boundLeaseLua],
});

/**
 * Closes an attempt, moves the state, or both. `token`, `attempt` (its number), `record` and `result` are of the attempt;
 * `keep` is the message to keep while it is unknown. `keys.ended`: the index of the state it moves to.
 * Answers `ended` to the run that ended the message, `again` to the run that ended a replayed message, `late` to one whose late
 * answer settled an unknown one, `refuted` to one whose late refusal showed that an unknown one never was sent, `missing`
 * where there is no entry, else `moved`.
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
  reply: ['moved', 'ended', 'late', 'again', 'refuted', 'missing'],
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
});

/**
 * Sets a failed or expired message on its way again: the same message, with all its history. Each replay has a number,
 * so that the second run of the same replay changes nothing, however much has happened since.
 * Its dedupe claim was released when it ended. The replay takes it again where it is free, so that repeats of the alert
 * are duplicates of the replayed message; a claim that another alert holds by now stays that alert's.
 * `content`: of its job.
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

/** What speaks against sending an alert's message after all. `dedupeMs` 0: its claim does not matter. */
export const objectionScript = defineScript(new URL('objection.lua', import.meta.url), {
  keys: ['resolved', 'acknowledged', 'claims'],
  args: { receivedAt: 'number', alertId: 'string', rank: 'number', dedupeMs: 'number', lane: 'string' },
  reply: { none: {}, resolved: {}, acknowledged: {}, duplicate: { of: 'string' } },
  includes: [nowLua, closedByLua, claimHolderLua],
});

/** Adds to the trace of a message that failed or expired, once. */
export const noteScript = defineScript(new URL('note.lua', import.meta.url), {
  keys: ['message'],
  args: { event: 'string' },
  reply: noReply,
  constants: { NOTED: setOf<MessageState>(['failed', 'expired']) },
});
