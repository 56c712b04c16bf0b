import type { Redis } from '../../redis/connect.ts';
import { defineScript } from '../../redis/define-script.ts';
import { type Keys, LEDGER_TTL_MS, RESOLVED_TTL_MS } from '../../redis/keys.ts';
import type { MessageState } from '../history/history.ts';
import { followLua } from '../lists/in-flight.ts';
import { type MessageRecord, messageFields } from '../records.ts';

export interface ResolveSubscriber {
  readonly id: string;
  /** As it was kept, whole number and all. */
  readonly kept: string;
  /** That of the digest that tells of it, if one does; `undefined` when the ledger has forgotten it. */
  readonly state: MessageState | undefined;
  /** A simulated provider took it, or the digest that tells of it: no phone was reached. */
  readonly simulated: boolean;
}

/**
 * Whom to tell when the problem of a dedup key is over: the messages that said that it is there, as far as their routes
 * want that. Every method rejects when Redis refuses.
 */
export interface ResolveSubscribers {
  /** Remembers messages, by id, before they can be sent; again changes nothing. */
  keep(dedupHash: string, messages: Readonly<Record<string, string>>): Promise<void>;
  any(dedupHash: string): Promise<boolean>;
  /** Whether a message of the dedup key has no outcome yet, or a recipient is to be notified of its end. */
  isOpen(dedupHash: string): Promise<boolean>;
  all(dedupHash: string): Promise<ResolveSubscriber[]>;
  forget(dedupHash: string, ids: readonly string[]): Promise<void>;
  /**
   * Writes a further message under an alert that has texted. `again`: it was written before; `missing`: the alert is
   * forgotten, and nothing was written.
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
      const key = keys.owed(dedupHash);
      await Promise.all([redis.hset(key, { ...messages }), redis.pexpire(key, RESOLVED_TTL_MS)]);
    },
    isOpen: async (dedupHash) => (await redis.exists(keys.open(dedupHash), keys.owed(dedupHash))) > 0,
    any: async (dedupHash) => (await redis.exists(keys.owed(dedupHash))) === 1,
    async all(dedupHash) {
      const kept = Object.entries(await redis.hgetall(keys.owed(dedupHash)));
      return Promise.all(
        kept.map(async ([id, message]) => {
          const own = await redis.hmget(keys.message(id), 'state', 'simulated', 'digest');
          // What a digest tells of has reached its phone when the digest has.
          const inDigest = own[0] === 'suppressed' && own[2] != null;
          const [state, simulated] = inDigest ? await redis.hmget(keys.message(own[2] as string), 'state', 'simulated') : own;
          return { id, kept: message, state: (state ?? undefined) as MessageState | undefined, simulated: simulated != null };
        }),
      );
    },
    async forget(dedupHash, ids) {
      if (ids.length > 0) await redis.hdel(keys.owed(dedupHash), ...ids);
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
