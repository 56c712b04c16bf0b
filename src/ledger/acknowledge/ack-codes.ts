import type { Redis } from '../../redis/connect.ts';
import { ACK_CODE_TTL_MS, type Keys } from '../../redis/keys.ts';
import { createScript } from '../../redis/script.ts';

/** By which codes a phone acknowledges which of its messages; for two days. Every method rejects when Redis refuses. */
export interface AckCodes {
  /** The first of these codes that no other message to this phone has; asked again for a message, the same one. */
  claim(message: { readonly id: string; readonly phoneHash: string }, codes: readonly string[], now: Date): Promise<string>;
  /** The message that this phone means by a code. */
  find(phoneHash: string, code: string): Promise<string | undefined>;
  /** The newest messages to this phone that have codes, newest first. */
  newest(phoneHash: string, count: number): Promise<string[]>;
}

/**
 * Should all codes be in use, the last one passes to the newer message. KEYS codes of the phone by time, one per code.
 * ARGV message id, now ms, ttl ms. Answers the position of the code, from 1.
 */
const claimScript = createScript<number>(`
local id, now, ttl = ARGV[1], ARGV[2], ARGV[3]
for n = 2, #KEYS do
  if redis.call('GET', KEYS[n]) == id then return n - 1 end
end
local own = 2
while own < #KEYS and redis.call('EXISTS', KEYS[own]) == 1 do own = own + 1 end
redis.call('SET', KEYS[own], id, 'PX', ttl)
redis.call('ZADD', KEYS[1], now, id)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ttl)
redis.call('PEXPIRE', KEYS[1], ttl)
return own - 1
`);

export function createAckCodes(redis: Redis, keys: Keys): AckCodes {
  return {
    async claim({ id, phoneHash }, codes, now) {
      const places = [keys.ackCodes(phoneHash), ...codes.map((code) => keys.ackCode(phoneHash, code))];
      const position = await claimScript(redis, places, [id, now.getTime(), ACK_CODE_TTL_MS]);
      return codes[position - 1] as string;
    },
    find: async (phoneHash, code) => (await redis.get(keys.ackCode(phoneHash, code))) ?? undefined,
    newest: (phoneHash, count) => redis.zrevrange(keys.ackCodes(phoneHash), 0, String(count - 1)),
  };
}
