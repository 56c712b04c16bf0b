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
 * Settles an unknown message by what a person or the vendor says of it: sent, then it is accepted through the provider of
 * its newest doubtful attempt; or never sent, then it has failed, all its doubtful attempts count as refused, and its
 * dedupe claim goes. Repeated by the same run it answers the same.
 * `isResent`: it is to be kept for a resend.
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

/** Forgets what was kept of a message that is no longer unknown. */
const forgetKeptScript = defineScript(new URL('forget-kept.lua', import.meta.url), {
  keys: ['message', 'unknown', 'kept'],
  args: { messageId: 'string' },
  reply: noReply,
  constants: { STATE: wordsOf<MessageState>('unknown') },
});

/** What became of an unknown message after all. */
interface Settlement {
  readonly messageId: string;
  readonly alertId: string;
  readonly dedupHash: string;
  /** Names whoever settles; the same one may do it twice. */
  readonly run: string;
  readonly sent: boolean;
  readonly at: Date;
  /** What it says is not forgotten yet, because it is to be sent again. */
  readonly keep: boolean;
  readonly event: HistoryEvent;
}

/** The messages of which nobody knows whether they were sent. Every method rejects when Redis refuses. */
export interface Unknowns {
  /** Key of the sorted set of the ids, by when the outcome became unknown, ms. */
  readonly index: string;
  count(): Promise<number>;
  /** The ids, oldest first, at most `limit`. */
  ids(limit: number): Promise<string[]>;
  /** One as it was sent, whole number and all; `undefined` once it is settled. */
  kept(messageId: string): Promise<string | undefined>;
  /** The state that the message is in instead, where it is not unknown any more. */
  settle(settlement: Settlement): Promise<'settled' | 'missing' | MessageState>;
  /** Forgets what was kept of one that is settled. */
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
