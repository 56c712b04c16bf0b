import type { Redis } from '../redis/connect.ts';
import { CIRCUITS_TTL_MS, type Keys } from '../redis/keys.ts';

/** A circuit breaker of one dispatcher that is not closed, or was not when it was last heard of. */
export interface CircuitNote {
  readonly provider: string;
  readonly state: 'half_open' | 'open';
  /** When it left `closed`, ms. */
  readonly since: number;
  /** When it last changed, ms. */
  readonly at: number;
  /** Why it opened. */
  readonly reason: string | null;
}

/** Each dispatcher keeps its own breakers; here it tells the others how they are, for people to look at. */
export interface Circuits {
  tell(provider: string, state: 'closed' | 'half_open' | 'open', at: Date, reason?: string): Promise<void>;
  /** Takes back all that this one has told: it leaves. */
  forget(): Promise<void>;
  /** Those not closed, of all dispatchers. */
  read(now: Date): Promise<CircuitNote[]>;
}

/** @param teller names this dispatcher among the others; no space in it */
export function createCircuits(redis: Redis, keys: Keys, teller: string): Circuits {
  const notes = new Map<string, CircuitNote>();
  return {
    async tell(provider, state, at, reason) {
      const field = `${teller} ${provider}`;
      if (state === 'closed') {
        notes.delete(provider);
        await redis.hdel(keys.circuits(), field);
        return;
      }
      const before = notes.get(provider);
      const since = before?.since ?? at.getTime();
      const note = { provider, state, since, at: at.getTime(), reason: reason ?? before?.reason ?? null };
      notes.set(provider, note);
      await redis.multi().hset(keys.circuits(), field, JSON.stringify(note)).pexpire(keys.circuits(), CIRCUITS_TTL_MS).exec();
    },
    async forget() {
      const fields = [...notes.keys()].map((provider) => `${teller} ${provider}`);
      notes.clear();
      if (fields.length > 0) await redis.hdel(keys.circuits(), ...fields);
    },
    async read(now) {
      const all = Object.values(await redis.hgetall(keys.circuits())).map((line) => JSON.parse(line) as CircuitNote);
      return all.filter(({ at }) => now.getTime() - at < CIRCUITS_TTL_MS);
    },
  };
}
