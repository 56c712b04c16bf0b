import type { CapRule, RateCap, Reservation } from './rate-cap.ts';

type Full = Extract<Reservation, { kind: 'full' }>;

export interface CachedRateCap extends RateCap {
  /** Cached refusals, which hold back a message without a slot without calling Redis. */
  knownFull(rules: readonly CapRule[]): Full | undefined;
}

/** Maximum age of a cached refusal: other replicas may release slots in Redis. */
const REMEMBER_MS = 1000;

export interface CachedRateCapOptions {
  /** Redis time in ms, which `retryAt` refers to. */
  readonly now: () => number;
  /** Maximum number of full counters in the cache; the oldest entry is removed first. */
  readonly size?: number;
}

/**
 * Keeps a storm away from Redis: after a counter was found full, messages that hold no slot yet (`mayHold: false`) are
 * refused from memory until it has room or a second has passed, whichever comes first. A message that may hold a slot
 * is always checked in Redis, and so is every message after this process released a slot of that counter.
 */
export function createCachedRateCap(cap: RateCap, { now, size = 10_000 }: CachedRateCapOptions): CachedRateCap {
  /** Counter → kind of message → refusal from Redis: another kind has another reserve or weight and may be admitted. */
  const counters = new Map<string, Map<string, { full: Full; until: number }>>();

  const recall = (rule: CapRule): Full | undefined => {
    const known = counters.get(rule.key)?.get(kindOf(rule));
    if (known === undefined || now() < known.until) return known?.full;
    counters.delete(rule.key);
    return undefined;
  };

  const remember = (full: Full, rules: readonly CapRule[]) => {
    const rule = rules.find(({ key }) => key === full.key);
    if (rule === undefined) return;
    const kinds = counters.get(rule.key) ?? new Map();
    kinds.set(kindOf(rule), { full, until: Math.min(full.retryAt.getTime(), now() + REMEMBER_MS) });
    counters.set(rule.key, kinds);
    for (const oldest of counters.keys()) {
      if (counters.size <= size) break;
      counters.delete(oldest);
    }
  };

  const remembered = (reservation: Reservation, rules: readonly CapRule[]): Reservation => {
    if (reservation.kind === 'full') remember(reservation, rules);
    return reservation;
  };

  const knownFull = (rules: readonly CapRule[]): Full | undefined => {
    const [first, ...others] = rules.flatMap((rule) => recall(rule) ?? []);
    return first && others.reduce((latest, full) => (full.retryAt > latest.retryAt ? full : latest), first);
  };

  return {
    knownFull,
    async reserve(slot, rules, hint) {
      const known = hint?.mayHold === false ? knownFull(rules) : undefined;
      return known ?? remembered(await cap.reserve(slot, rules, hint), rules);
    },
    reserveStep(slot, rules) {
      const step = cap.reserveStep(slot, rules);
      return step && { ...step, read: (reply) => remembered(step.read(reply), rules) };
    },
    settleStep: (slot, rules) => cap.settleStep(slot, rules),
    async release(slot, rules) {
      try {
        await cap.release(slot, rules);
      } finally {
        for (const { key } of rules) counters.delete(key);
      }
    },
  };
}

/** Kind of a message: a refusal applies to all of the same kind; a lighter message may find room. */
function kindOf({ max, reserve, weight }: CapRule): string {
  return `${max}/${reserve}/${weight}`;
}
