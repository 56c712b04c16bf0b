import type { Redis } from '../../redis/connect.ts';
import { defineScript } from '../../redis/define-script.ts';
import { type Keys, LEDGER_TTL_MS, RESOLVED_TTL_MS } from '../../redis/keys.ts';
import type { MessageState } from '../history/history.ts';
import { followLua } from '../lists/in-flight.ts';
import { type MessageRecord, messageFields } from '../records.ts';

export interface ResolveSubscriber {
  readonly id: string;
  /** The stored message, with the full number. */
  readonly kept: string;
  /** State of the message, or of the digest that contains it; `undefined` past its retention. */
  readonly state: MessageState | undefined;
  /** Whether a simulated provider accepted it, or its digest: no phone was reached. */
  readonly simulated: boolean;
}

/**
 * Recipients to notify when the problem of a dedup key is resolved: those of the messages that reported it, if their
 * routes enable that. Every method rejects when Redis fails.
 */
export interface ResolveSubscribers {
  /** Stores messages by id before they can be sent. Idempotent. */
  keep(dedupHash: string, messages: Readonly<Record<string, string>>): Promise<void>;
  any(dedupHash: string): Promise<boolean>;
  /** Whether a message of the dedup key has no outcome yet, or a recipient is to be notified of its end. */
  isOpen(dedupHash: string): Promise<boolean>;
  all(dedupHash: string): Promise<ResolveSubscriber[]>;
  forget(dedupHash: string, ids: readonly string[]): Promise<void>;
  /**
   * Adds a message to an alert that already has messages. `again`: it was already written; `missing`: the alert is past
   * its retention, and nothing was written.
   */
  add(message: MessageRecord, run: string): Promise<'fresh' | 'again' | 'missing'>;
}

const addMessageScript = defineScript(new URL('add-message.lua', import.meta.url), {
  keys: ['message', 'alert', 'inFlight', 'openMessages'],
  args: { run: 'string', messageId: 'string', fields: 'fields' },
  reply: ['fresh', 'again', 'missing'],
  constants: { LEDGER_TTL_MS },
  includes: [followLua],
});

export function createResolveSubscribers(redis: Redis, keys: Keys): ResolveSubscribers {
  return {
    async keep(dedupHash, messages) {
      const key = keys.resolveSubscribers(dedupHash);
      await Promise.all([redis.hset(key, { ...messages }), redis.pexpire(key, RESOLVED_TTL_MS)]);
    },
    isOpen: async (dedupHash) => (await redis.exists(keys.open(dedupHash), keys.resolveSubscribers(dedupHash))) > 0,
    any: async (dedupHash) => (await redis.exists(keys.resolveSubscribers(dedupHash))) === 1,
    async all(dedupHash) {
      const kept = Object.entries(await redis.hgetall(keys.resolveSubscribers(dedupHash)));
      return Promise.all(
        kept.map(async ([id, message]) => {
          const own = await redis.hmget(keys.message(id), 'state', 'simulated', 'digest');
          // A message in a digest has reached its phone when the digest has.
          const inDigest = own[0] === 'suppressed' && own[2] != null;
          const [state, simulated] = inDigest ? await redis.hmget(keys.message(own[2] as string), 'state', 'simulated') : own;
          return { id, kept: message, state: (state ?? undefined) as MessageState | undefined, simulated: simulated != null };
        }),
      );
    },
    async forget(dedupHash, ids) {
      if (ids.length > 0) await redis.hdel(keys.resolveSubscribers(dedupHash), ...ids);
    },
    add: (message, run) =>
      addMessageScript(redis, {
        keys: {
          message: keys.message(message.id),
          alert: keys.alert(message.alertId),
          inFlight: keys.inFlight(),
          openMessages: keys.openMessages(),
        },
        args: { run, messageId: message.id, fields: messageFields(message) },
      }),
  };
}
