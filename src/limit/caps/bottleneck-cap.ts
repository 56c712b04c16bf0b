import { clockOf } from '../../redis/clock/redis-clock.ts';
import type { Redis } from '../../redis/connect.ts';
import type { Keys } from '../../redis/keys.ts';
import { limiterKeys } from './bottleneck-lua.ts';
import { releaseSlotScript, reserveSlotScript, settleSlotScript } from './cap-scripts.ts';
import type { CapRule, RateCap } from './rate-cap.ts';

/** Longest time, in ms, from a reservation to the text's arrival at the provider. */
export const DEFAULT_LEASE_MS = 60_000;

export interface RateCapOptions {
  readonly redis: Redis;
  readonly keys: Keys;
  /**
   * A reserved slot counts for window + lease, until it is settled; a process killed in between leaves it so. It must
   * exceed the longest time between a reservation and its settling.
   */
  readonly leaseMs?: number;
  /** ms; only for tests. Without it Redis' own clock rules, the same for all replicas. */
  readonly now?: () => number;
}

/**
 * Rate caps kept by bottleneck's scripts in Redis: one round trip a move, whatever the number of rules, and nothing in
 * this process. A limiter that is missing, be it new, expired or lost with Redis' data, is made on the way.
 */
export function createRateCap({ redis, keys, leaseMs = DEFAULT_LEASE_MS, now }: RateCapOptions): RateCap {
  // bottleneck announces freed capacity on the channel named after this; one name serves, as nobody listens.
  const channel = keys.limiter('free');

  const callOf = (slot: string, rules: readonly CapRule[], at: number | undefined) => {
    if (new Set(rules.map(({ key }) => key)).size < rules.length) throw new Error('two rules of one text share a key');
    return {
      keys: { capNames: keys.capNames(), limiters: rules.flatMap(({ key }) => limiterKeys(keys.limiter(key))) },
      args: { now: at, slot, leaseMs, channel, rules: rules.map(({ max, ...rule }) => ({ ...rule, max: String(max) })) },
    };
  };

  return {
    async reserve(slot, rules) {
      if (rules.length === 0) return { kind: 'held', fresh: true };
      const at = now?.();
      const answer = await reserveSlotScript(redis, callOf(slot, rules, at));
      if (answer.kind === 'held') return { kind: 'held', fresh: answer.isFresh };
      const { reason, key } = rules[answer.rule - 1] as CapRule;
      return { kind: 'full', reason, key, retryAt: new Date((at ?? clockOf(redis).now().getTime()) + answer.waitMs) };
    },
    async settle(slot, rules) {
      if (rules.length > 0) await settleSlotScript(redis, callOf(slot, rules, now?.()));
    },
    async release(slot, rules) {
      if (rules.length > 0) await releaseSlotScript(redis, callOf(slot, rules, now?.()));
    },
  };
}
