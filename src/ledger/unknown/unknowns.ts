import type { ProviderReason } from '../../alert/reason.ts';
import type { Redis } from '../../redis/connect.ts';
import { defineScript, noReply } from '../../redis/define-script.ts';
import type { Keys } from '../../redis/keys.ts';
import { wordsOf } from '../../redis/lua-source.ts';
import { type HistoryAttempt, type HistoryEvent, MESSAGE_STATES, type MessageState } from '../history/history.ts';
import { writeEntryLua } from '../journal/journal.ts';
import { messageLine } from '../journal/journal-entry.ts';
import { indexEndedLua } from '../lists/ended.ts';
import { releaseClaimLua } from '../lua/shared/parts.ts';
import { lines } from '../records.ts';

/**
 * Resolves an unknown outcome by the decision of an operator or the report of the vendor. Sent: the message is accepted
 * through the provider of its newest unresolved attempt. Not sent: it has failed, all its unresolved attempts count as
 * refused, and its dedupe claim is released. Repeated by the same run, it returns the same reply. `isResent`: the
 * message is kept for a resend.
 */
const settleUnknownScript = defineScript(new URL('settle-unknown.lua', import.meta.url), {
  keys: ['message', 'claims', 'unknown', 'kept', 'acknowledged', 'journal', 'failed'],
  args: {
    run: 'string',
    messageId: 'string',
    alertId: 'string',
    isSent: 'flag',
    isResent: 'flag',
    at: 'string',
    event: 'string',
    journalLine: 'string',
  },
  reply: { settled: {}, missing: {}, ended: { state: MESSAGE_STATES } },
  constants: {
    STATE: wordsOf<MessageState>('unknown', 'accepted', 'failed'),
    REASON: wordsOf<ProviderReason>('unknown_outcome'),
    RESULT: wordsOf<NonNullable<HistoryAttempt['result'] | HistoryAttempt['resolution']>>(
      'unknown',
      'accepted',
      'refused',
      'confirmed_sent',
      'confirmed_not_sent',
    ),
  },
  includes: [releaseClaimLua, writeEntryLua, indexEndedLua],
});

/** Deletes the stored copy of a message whose outcome is no longer unknown. */
const forgetKeptScript = defineScript(new URL('forget-kept.lua', import.meta.url), {
  keys: ['message', 'unknown', 'kept'],
  args: { messageId: 'string' },
  reply: noReply,
  constants: { STATE: wordsOf<MessageState>('unknown') },
});

/** Resolution of an unknown outcome. */
interface Settlement {
  readonly messageId: string;
  readonly alertId: string;
  readonly dedupHash: string;
  /** Identifies the caller; it may repeat the call. */
  readonly run: string;
  readonly sent: boolean;
  readonly at: Date;
  /** Whether the stored message is kept, because it is to be sent again. */
  readonly keep: boolean;
  readonly event: HistoryEvent;
}

/** Messages with unknown outcome. Every method rejects when Redis fails. */
export interface Unknowns {
  /** Key of the sorted set of ids, by when the outcome became unknown, ms. */
  readonly index: string;
  count(): Promise<number>;
  /** At most `limit` ids, oldest first. */
  ids(limit: number): Promise<string[]>;
  /** The message as it was sent, with the full number; `undefined` once it is resolved. */
  kept(messageId: string): Promise<string | undefined>;
  /** Resolves the outcome; returns the current state if it is no longer unknown. */
  settle(settlement: Settlement): Promise<'settled' | 'missing' | MessageState>;
  /** Deletes the stored copy of a resolved message. */
  forgetSent(messageId: string): Promise<void>;
}

export function createUnknowns(redis: Redis, keys: Keys): Unknowns {
  return {
    index: keys.unknown(),
    count: () => redis.zcard(keys.unknown()),
    ids: (limit) => redis.zrange(keys.unknown(), 0, String(limit - 1)),
    kept: async (messageId) => (await redis.get(keys.kept(messageId))) ?? undefined,
    async settle({ messageId, alertId, dedupHash, run, sent, at, keep, event }) {
      const answer = await settleUnknownScript(redis, {
        keys: {
          message: keys.message(messageId),
          claims: keys.claims(dedupHash),
          unknown: keys.unknown(),
          kept: keys.kept(messageId),
          acknowledged: keys.acknowledged(dedupHash),
          journal: keys.journal(),
          failed: keys.ended('failed'),
        },
        args: {
          run,
          messageId,
          alertId,
          isSent: sent,
          isResent: keep,
          at: at.toISOString(),
          event: lines([event]),
          journalLine: messageLine({
            id: messageId,
            alertId,
            state: sent ? 'accepted' : 'failed',
            reason: sent ? null : 'unknown_outcome',
            provider: null,
            attempt: null,
          }),
        },
      });
      return answer.kind === 'ended' ? answer.state : answer.kind;
    },
    forgetSent: (messageId) =>
      forgetKeptScript(redis, {
        keys: { message: keys.message(messageId), unknown: keys.unknown(), kept: keys.kept(messageId) },
        args: { messageId },
      }),
  };
}
