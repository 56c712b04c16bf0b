import type { CapRule } from '../../../src/limit/rate-cap.ts';

/** What a sliding cap must do, written down as plainly as possible: per counter, until when each slot counts. */
export function createCapModel(leaseMs: number) {
  const counters = new Map<string, Map<string, number>>();
  const counter = (rule: CapRule) => {
    const found = counters.get(rule.key) ?? new Map<string, number>();
    counters.set(rule.key, found);
    return found;
  };
  const live = (rule: CapRule, now: number) => new Map([...counter(rule)].filter(([, until]) => until >= now));
  const passes = (rule: CapRule, slot: string, now: number) => {
    const slots = live(rule, now);
    return slots.has(slot) || slots.size + 1 <= rule.max - rule.reserve;
  };
  const holdsAny = (slot: string, rules: readonly CapRule[], now: number) => rules.some((rule) => live(rule, now).has(slot));

  return {
    live: (rule: CapRule, now: number) => live(rule, now).size,
    holdsAny,
    reserve(slot: string, rules: readonly CapRule[], now: number): { held: true; fresh: boolean } | { held: false; full: string[] } {
      const full = rules.filter((rule) => !passes(rule, slot, now)).map(({ key }) => key);
      if (full.length > 0) return { held: false, full };
      const fresh = !holdsAny(slot, rules, now);
      for (const rule of rules) counter(rule).set(slot, now + rule.windowMs + leaseMs);
      return { held: true, fresh };
    },
    settle(slot: string, rules: readonly CapRule[], now: number): void {
      for (const rule of rules) {
        const slots = live(rule, now);
        if (slots.has(slot) || slots.size + 1 <= rule.max) counter(rule).set(slot, now + rule.windowMs);
      }
    },
    release(slot: string, rules: readonly CapRule[]): void {
      for (const rule of rules) counter(rule).delete(slot);
    },
    /** The first moment after now at which the text would pass if nothing else happened; room only ever comes with an expiry. */
    firstPassing(slot: string, rules: readonly CapRule[], now: number): number | undefined {
      const moments = rules.flatMap((rule) => [...live(rule, now).values()].map((until) => until + 1));
      return moments.sort((a, b) => a - b).find((moment) => rules.every((rule) => passes(rule, slot, moment)));
    },
  };
}

/** The most texts, each counted once, whose hits lie within `windowMs` of each other, wherever that window starts. */
export function mostInAnyWindow(hits: readonly { slot: string; at: number }[], windowMs: number): number {
  return Math.max(
    0,
    ...hits.map(({ at: start }) => new Set(hits.filter(({ at }) => at >= start && at <= start + windowMs).map(({ slot }) => slot)).size),
  );
}
