import type { Redis } from '../../redis/connect.ts';
import { type Keys, LEDGER_TTL_MS } from '../../redis/keys.ts';

/** A message that waits until one of these providers recovers. */
export interface ParkedMessage {
  readonly id: string;
  readonly urgent: boolean;
  /** ms since the epoch. */
  readonly expiresAt: number;
}

/** Messages that wait for an unavailable provider. Every method rejects when Redis fails. */
export interface Parked {
  park(message: ParkedMessage, providers: readonly string[]): Promise<void>;
  /** Removes the message from the index of these providers. Idempotent. */
  leave(message: Pick<ParkedMessage, 'id' | 'urgent'>, providers: readonly string[]): Promise<void>;
  /** Ids of the messages with the earliest deadlines, without those whose deadline has passed. */
  first(provider: string, urgent: boolean, count: number, now: Date): Promise<string[]>;
}

/**
 * An index beside the queue: the job of a parked message is a delayed job, which also runs without the index. Entries
 * left by a crash are removed at the deadline of the message.
 */
export function createParked(redis: Redis, keys: Keys): Parked {
  return {
    async park({ id, urgent, expiresAt }, providers) {
      const multi = redis.multi();
      for (const key of providers.map((name) => keys.parked(name, urgent))) multi.zadd(key, expiresAt, id).pexpire(key, LEDGER_TTL_MS);
      await multi.exec();
    },
    async leave({ id, urgent }, providers) {
      await Promise.all(providers.map((name) => redis.zrem(keys.parked(name, urgent), id)));
    },
    async first(provider, urgent, count, now) {
      const key = keys.parked(provider, urgent);
      const entries = await redis.zrange(key, 0, String(count - 1), 'WITHSCORES');
      const past = entries.findIndex((score, index) => index % 2 === 1 && Number(score) <= now.getTime()) >= 0;
      if (past) await redis.zremrangebyscore(key, '-inf', now.getTime());
      return entries.filter((_, index) => index % 2 === 0 && Number(entries[index + 1]) > now.getTime());
    },
  };
}
