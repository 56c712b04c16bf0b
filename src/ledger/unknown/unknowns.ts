import type { Redis } from '../../redis/connect.ts';
import type { Keys } from '../../redis/keys.ts';
import { lines } from '../fields.ts';
import type { MessageState, TraceEvent } from '../history/trace.ts';
import { messageLine } from '../journal/journal-entry.ts';
import { forgetKeptScript, settleUnknownScript } from './settle-unknown-script.ts';

/** What became of an unknown message after all. */
export interface Settlement {
  readonly messageId: string;
  readonly alertId: string;
  readonly dedupHash: string;
  /** Names whoever settles; the same one may do it twice. */
  readonly run: string;
  readonly sent: boolean;
  readonly at: Date;
  /** What it says is not forgotten yet, because it is to be sent again. */
  readonly keep: boolean;
  readonly event: TraceEvent;
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
  letGo(messageId: string): Promise<void>;
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
    letGo: (messageId) =>
      forgetKeptScript(redis, {
        keys: { message: keys.message(messageId), unknown: keys.unknown(), kept: keys.kept(messageId) },
        args: { messageId },
      }),
  };
}
