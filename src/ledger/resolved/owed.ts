import type { Redis } from '../../redis/connect.ts';
import { type Keys, LEDGER_TTL_MS, RESOLVED_TTL_MS } from '../../redis/keys.ts';
import { createScript } from '../../redis/script.ts';
import { messageFields } from '../fields.ts';
import type { MessageState } from '../history/trace.ts';
import { FOLLOW } from '../lists/on-the-way.ts';
import type { MessageRecord } from '../records.ts';

export interface OwedMessage {
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
export interface Owed {
  /** Remembers messages, by id, before they can be sent; again changes nothing. */
  keep(dedupHash: string, messages: Readonly<Record<string, string>>): Promise<void>;
  any(dedupHash: string): Promise<boolean>;
  all(dedupHash: string): Promise<OwedMessage[]>;
  forget(dedupHash: string, ids: readonly string[]): Promise<void>;
  /**
   * Writes a further message under an alert that has texted. `again`: it was written before; `missing`: the alert is
   * forgotten, and nothing was written.
   */
  add(message: MessageRecord, run: string): Promise<'fresh' | 'again' | 'missing'>;
}

/** KEYS message, alert, in-flight, open messages. ARGV run token, message id, ttl ms, then field and value…. */
const addScript = createScript<'fresh' | 'again' | 'missing'>(`
${FOLLOW}
local before = redis.call('HMGET', KEYS[1], 'addedBy', 'card')
if before[2] then return before[1] == ARGV[1] and 'fresh' or 'again' end
local messages = redis.call('HGET', KEYS[2], 'messages')
if not messages then return 'missing' end
redis.call('HSET', KEYS[1], 'addedBy', ARGV[1], unpack(ARGV, 4))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('HSET', KEYS[2], 'messages', messages .. ' ' .. ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call('INCR', KEYS[3])
if redis.call('HEXISTS', KEYS[1], 'job') == 1 then follow(KEYS[4], ARGV[2], ARGV[3]) end
return 'fresh'
`);

export function createOwed(redis: Redis, keys: Keys): Owed {
  return {
    async keep(dedupHash, messages) {
      const key = keys.owed(dedupHash);
      await Promise.all([redis.hset(key, { ...messages }), redis.pexpire(key, RESOLVED_TTL_MS)]);
    },
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
      addScript(
        redis,
        [keys.message(message.id), keys.alert(message.alertId), keys.inFlight(), keys.openMessages()],
        [run, message.id, LEDGER_TTL_MS, ...Object.entries(messageFields(message)).flat()],
      ),
  };
}
