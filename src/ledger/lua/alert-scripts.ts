import type { OurReason } from '../../alert/reason.ts';
import { nowLua } from '../../redis/clock/redis-clock.ts';
import { defineScript, noReply, stringList } from '../../redis/define-script.ts';
import { LEDGER_TTL_MS, RESOLVED_TTL_MS } from '../../redis/keys.ts';
import { wordsOf } from '../../redis/lua-source.ts';
import { closedByLua } from '../acknowledge/closure-script.ts';
import { MISSED_ALERT } from '../criticals.ts';
import type { MessageState } from '../history/history.ts';
import { writeEntryLua } from '../journal/journal.ts';
import { followLua } from '../lists/in-flight.ts';
import { claimHolderLua, missLua, otherContentLua, takeClaimsLua } from './shared/parts.ts';

/**
 * Atomic ledger steps of an alert. A step that a reconnecting client sends twice returns the same reply: each carries
 * the token of the run that sent it.
 */

/**
 * Records the outcome of an alert without messages. Returns `recorded` to the run that recorded it, `known` to any
 * later one, `other_content` to a later one with other content. A malformed alert may be corrected and sent again.
 * `isMissed`: it is a critical that will not reach its recipient.
 */
export const settleAlertScript = defineScript(new URL('settle-alert.lua', import.meta.url), {
  keys: ['alert', 'journal', 'missedCriticals', 'pendingAlerts', 'pendingJob'],
  args: {
    run: 'string',
    alertId: 'string',
    content: 'string?',
    otherContentEvent: 'string',
    journalLine: 'string',
    isMissed: 'flag',
    fields: 'fields',
  },
  reply: ['recorded', 'known', 'other_content'],
  constants: { LEDGER_TTL_MS, MISSED_ALERT },
  includes: [otherContentLua, writeEntryLua, missLua],
  batched: true,
});

/** Placeholder in the lines that `admitScript` writes for a duplicate: the script inserts the alert id. */
export const DUPLICATE_OF = '@alert@';
export const DUPLICATE_ID = '@message@';

/**
 * Takes a dedupe claim for each phone and channel and writes the alert with all its messages, or does neither. Where an
 * alert of at least the same severity holds the claim, the message is written as `suppressed`, `duplicate`; if that
 * applies to all of them, the alert is the duplicate and nothing is written. `duplicateEvent`, `duplicateLine`: for a
 * message that is a duplicate. Of a message: `claim`, unless it has ended; `journalLine`, unless it is queued.
 * `keys.messages` has the order of `args.messages`. Replies: `admitted` to the run that wrote them, `known` to later runs.
 * `muted`: claims held by other alerts, each before the alert that holds it.
 */
export const admitScript = defineScript(new URL('admit.lua', import.meta.url), {
  keys: [
    'alert',
    'inFlight',
    'open',
    'claims',
    'resolved',
    'acknowledged',
    'journal',
    'openMessages',
    'pendingAlerts',
    'pendingJob',
    '...messages',
  ],
  args: {
    run: 'string',
    alertId: 'string',
    rank: 'number',
    dedupeMs: 'number',
    receivedAt: 'number',
    journalLine: 'string',
    content: 'string?',
    otherContentEvent: 'string',
    duplicateEvent: 'string',
    duplicateLine: 'string',
    fields: 'fields',
    channels: [{ claim: 'string', duplicateEvent: 'string' }],
    messages: [{ id: 'string', claim: 'string?', journalLine: 'string?', hasJob: 'flag', fields: 'fields' }],
  },
  reply: {
    admitted: { muted: 'string' },
    known: { muted: 'string', otherContent: ['none', 'new', 'known'] },
    settled: { otherContent: ['none', 'new', 'known'] },
    duplicate: { of: 'string' },
    acknowledged: { by: 'string' },
    resolved: {},
  },
  constants: {
    LEDGER_TTL_MS,
    DUPLICATE_OF,
    DUPLICATE_ID,
    STATE: wordsOf<MessageState>('suppressed'),
    REASON: wordsOf<OurReason>('duplicate'),
  },
  includes: [closedByLua, otherContentLua, nowLua, claimHolderLua, takeClaimsLua, writeEntryLua, followLua],
  batched: true,
});

/**
 * Marks a dedup key as resolved and releases its claims, except those of alerts raised later. Returns the ids of
 * messages that have no outcome yet.
 */
export const resolveScript = defineScript(new URL('resolve.lua', import.meta.url), {
  keys: ['resolved', 'claims', 'open'],
  args: { at: 'number' },
  reply: stringList,
  constants: { RESOLVED_TTL_MS },
});

/** Removes the outcome of an alert that expired. Idempotent: an alert with any other outcome keeps it. */
export const reopenAlertScript = defineScript(new URL('reopen-alert.lua', import.meta.url), {
  keys: ['alert'],
  reply: noReply,
  constants: { REASON: wordsOf<OurReason>('expired') },
});
