import type { Redis } from '../../redis/connect.ts';
import { INBOUND_TTL_MS, type Keys } from '../../redis/keys.ts';

/** Which texts that came in have been worked off. Every method rejects when Redis refuses. */
export interface SeenInbound {
  has(provider: string, providerMessageId: string): Promise<boolean>;
  /** True for the one `run` that remembers it first; the same run may say so twice. */
  add(provider: string, providerMessageId: string, run: string): Promise<boolean>;
}

export function createSeenInbound(redis: Redis, keys: Keys): SeenInbound {
  return {
    has: async (provider, providerMessageId) => (await redis.exists(keys.inbound(provider, providerMessageId))) === 1,
    async add(provider, providerMessageId, run) {
      const key = keys.inbound(provider, providerMessageId);
      const set = await redis.set(key, run, 'PX', INBOUND_TTL_MS, 'NX');
      return set === 'OK' || (await redis.get(key)) === run;
    },
  };
}
