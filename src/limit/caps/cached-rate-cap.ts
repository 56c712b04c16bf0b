import type { CapRule, RateCap, Reservation } from './rate-cap.ts';

type Full = Extract<Reservation, { kind: 'full' }>;

export interface CachedRateCap extends RateCap {
  /** What is known, without asking, to hold back a text that has no slot yet. */
  knownFull(rules: readonly CapRule[]): Full | undefined;
}

/** How long an answer may stand in for a question to Redis, whose slots other replicas give back. */
const REMEMBER_MS = 1000;

export interface CachedRateCapOptions {
  /** ms; the clock of Redis, by which `retryAt` is given. */
  readonly now: () => number;
  /** How many full counters are remembered at most; the one remembered first goes first. */
  readonly size?: number;
}

/**
 * Keeps a storm off Redis: after a counter was found full, texts that hold no slot yet (`mayHold: false`) are refused
 * from memory until it has room or a second is over, whichever comes first. Whoever may hold a slot is always asked
 * for in Redis, and so is everyone once this process gave a slot of that counter back.
 */
export function createCachedRateCap(cap: RateCap, { now, size = 10_000 }: CachedRateCapOptions): CachedRateCap {
  /** Counter → kind of text → what Redis said: the reserve or the weight that keeps out one text may let in another. */
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

  const knownFull = (rules: readonly CapRule[]): Full | undefined => {
    const [first, ...others] = rules.flatMap((rule) => recall(rule) ?? []);
    return first && others.reduce((latest, full) => (full.retryAt > latest.retryAt ? full : latest), first);
  };

  return {
    knownFull,
    async reserve(slot, rules, hint) {
      const known = hint?.mayHold === false ? knownFull(rules) : undefined;
      if (known !== undefined) return known;
      const reservation = await cap.reserve(slot, rules, hint);
      if (reservation.kind === 'full') remember(reservation, rules);
      return reservation;
    },
    settle: (slot, rules) => cap.settle(slot, rules),
    async release(slot, rules) {
      try {
        await cap.release(slot, rules);
      } finally {
        for (const { key } of rules) counters.delete(key);
      }
    },
  };
}

/** What one text was refused for, another of the same kind is refused for too; a lighter one may find room. */
function kindOf({ max, reserve, weight }: CapRule): string {
  return `${max}/${reserve}/${weight}`;
}
