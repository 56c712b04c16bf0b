import { clockOf, nowLua } from '../../redis/clock/redis-clock.ts';
import type { Redis } from '../../redis/connect.ts';
import { defineScript, noReply } from '../../redis/define-script.ts';
import type { Keys } from '../../redis/keys.ts';
import { foreignPart, luaPart } from '../../redis/lua-source.ts';
import { runStep } from '../../redis/run-scripts.ts';
import { currentNamesLua } from '../cap-names.ts';
import { BOTTLENECK_VERSION, KEYS_PER_LIMITER, limiterKeys, limiterLua, SETTINGS_KEY, SLOTS_KEY, WEIGHTS_KEY } from './bottleneck-lua.ts';
import type { CapRule, RateCap, Reservation } from './rate-cap.ts';

/**
 * The three operations on a rate cap, each one atomic step over all rules of a message. A limiter is a sliding log:
 * bottleneck's `maxConcurrent` is the cap, and a message is a "job" with the message's weight whose `expiration` is the
 * window. A job ends only by expiring, so that the "running" weight is that of all messages in the last window.
 *
 * bottleneck drops a job once its expiry lies before now, and so a slot stamped t counts up to and including t +
 * window. That one millisecond compensates for clocks that truncate fractions: two messages at 0.9 ms and at window +
 * 0.0 ms are too close.
 */

const keys = ['capNames', '...limiters'] as const;
/** `now`: ms, `undefined` for the Redis clock. `rules` has the order of the keys; `max` is a string, as bottleneck stores it. */
const common = {
  now: 'number?',
  slot: 'string',
  rules: [{ max: 'string', windowMs: 'number', reserve: 'number', weight: 'number' }],
} as const;
/** `channel`: the limiter's id for bottleneck. */
const taking = { ...common, leaseMs: 'number', channel: 'string' } as const;

/** Lua function `withoutBooks(server)`. */
const withoutBooksLua = luaPart(new URL('../lua/without-books.lua', import.meta.url));
/** Lua variables `now`, `client` and `rules`. */
const rulesLua = luaPart(new URL('../lua/rules.lua', import.meta.url), {
  constants: { KEYS_PER_LIMITER, SETTINGS_KEY, WEIGHTS_KEY, SLOTS_KEY },
  includes: [nowLua, currentNamesLua, withoutBooksLua, foreignPart("bottleneck's limiter", limiterLua)],
});
/** Lua function `openRule(rule)`. */
const openRuleLua = luaPart(new URL('../lua/open-rule.lua', import.meta.url), { includes: [rulesLua] });
/** Lua functions `keepRule(rule)` and `takeSlot(rule, weight, expiration)`. */
const takeSlotLua = luaPart(new URL('../lua/take-slot.lua', import.meta.url), {
  constants: { BOTTLENECK_VERSION },
  includes: [rulesLua],
});

/** `held` in all rules, `isFresh` unless it was already in one; or `full`: the rule (from 1) that has room last, and in how many ms. */
const reserveSlotScript = defineScript(new URL('../lua/reserve-slot.lua', import.meta.url), {
  keys,
  args: taking,
  reply: { held: { isFresh: 'flag' }, full: { rule: 'number', waitMs: 'number' } },
  includes: [openRuleLua, takeSlotLua],
  batched: true,
});

/** Takes a slot again that was lost with its keys, as far as there is room: the message was sent and must count. */
const settleSlotScript = defineScript(new URL('../lua/settle-slot.lua', import.meta.url), {
  keys,
  args: taking,
  reply: noReply,
  includes: [openRuleLua, takeSlotLua],
  batched: true,
});

const releaseSlotScript = defineScript(new URL('../lua/release-slot.lua', import.meta.url), {
  keys,
  args: common,
  reply: noReply,
  includes: [rulesLua],
});

/** Maximum time, in ms, from a reservation to the message's arrival at the provider. */
const DEFAULT_LEASE_MS = 60_000;

interface RateCapOptions {
  readonly redis: Redis;
  readonly keys: Keys;
  /**
   * Until it is settled, a reserved slot counts for window + lease, also if its process was killed. The lease must
   * exceed the longest time between a reservation and its settling.
   */
  readonly leaseMs?: number;
  /** Current time in ms; only for tests. By default the Redis clock, which is the same for all replicas. */
  readonly now?: () => number;
}

/**
 * Rate caps kept by bottleneck's scripts in Redis: one round trip per operation for any number of rules, and no state
 * in this process. A missing limiter, whether new, expired or lost with Redis' data, is created by the same call.
 */
export function createRateCap({ redis, keys, leaseMs = DEFAULT_LEASE_MS, now }: RateCapOptions): RateCap {
  // bottleneck publishes freed capacity on the channel of this name; one name suffices, as it has no subscribers.
  const channel = keys.limiter('free');

  const callOf = (slot: string, rules: readonly CapRule[], at: number | undefined) => {
    if (new Set(rules.map(({ key }) => key)).size < rules.length) throw new Error('two rules of one text share a key');
    return {
      keys: { capNames: keys.capNames(), limiters: rules.flatMap(({ key }) => limiterKeys(keys.limiter(key)).slice(0, KEYS_PER_LIMITER)) },
      args: { now: at, slot, leaseMs, channel, rules: rules.map(({ max, ...rule }) => ({ ...rule, max: String(max) })) },
    };
  };

  const reserveStep: RateCap['reserveStep'] = (slot, rules) => {
    if (rules.length === 0) return undefined;
    const at = now?.();
    const step = reserveSlotScript.step(callOf(slot, rules, at));
    const read = (reply: unknown): Reservation => {
      const answer = step.read(reply);
      if (answer.kind === 'held') return { kind: 'held', fresh: answer.isFresh };
      const { reason, key } = rules[answer.rule - 1] as CapRule;
      return { kind: 'full', reason, key, retryAt: new Date((at ?? clockOf(redis).now().getTime()) + answer.waitMs) };
    };
    return { ...step, read };
  };

  return {
    reserveStep,
    async reserve(slot, rules) {
      const step = reserveStep(slot, rules);
      return step === undefined ? { kind: 'held', fresh: true } : runStep(redis, step);
    },
    settleStep: (slot, rules) => (rules.length === 0 ? undefined : settleSlotScript.step(callOf(slot, rules, now?.()))),
    async release(slot, rules) {
      if (rules.length > 0) await releaseSlotScript(redis, callOf(slot, rules, now?.()));
    },
  };
}
