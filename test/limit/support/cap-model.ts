import type { CapRule } from '../../../src/limit/caps/rate-cap.ts';

interface Slot {
  readonly weight: number;
  readonly until: number;
}

/** What a sliding cap must do, written down as plainly as possible: per counter, how much each slot weighs and until when. */
export function createCapModel(leaseMs: number) {
  const counters = new Map<string, Map<string, Slot>>();
  const counter = (rule: CapRule) => {
    const found = counters.get(rule.key) ?? new Map<string, Slot>();
    counters.set(rule.key, found);
    return found;
  };
  const live = (rule: CapRule, now: number) => new Map([...counter(rule)].filter(([, { until }]) => until >= now));
  const weightOf = (slots: ReadonlyMap<string, Slot>) => [...slots.values()].reduce((sum, { weight }) => sum + weight, 0);
  const passes = (rule: CapRule, slot: string, now: number) => {
    const slots = live(rule, now);
    return slots.has(slot) || weightOf(slots) + rule.weight <= rule.max - rule.reserve;
  };
  const holdsAny = (slot: string, rules: readonly CapRule[], now: number) => rules.some((rule) => live(rule, now).has(slot));

  return {
    live: (rule: CapRule, now: number) => weightOf(live(rule, now)),
    holdsAny,
    reserve(slot: string, rules: readonly CapRule[], now: number): { held: true; fresh: boolean } | { held: false; full: string[] } {
      const full = rules.filter((rule) => !passes(rule, slot, now)).map(({ key }) => key);
      if (full.length > 0) return { held: false, full };
      const fresh = !holdsAny(slot, rules, now);
      for (const rule of rules) {
        const weight = live(rule, now).get(slot)?.weight ?? rule.weight;
        counter(rule).set(slot, { weight, until: now + rule.windowMs + leaseMs });
      }
      return { held: true, fresh };
    },
    settle(slot: string, rules: readonly CapRule[], now: number): void {
      for (const rule of rules) {
        const slots = live(rule, now);
        const weight = slots.get(slot)?.weight ?? Math.min(rule.weight, rule.max - weightOf(slots));
        if (weight > 0) counter(rule).set(slot, { weight, until: now + rule.windowMs });
      }
    },
    release(slot: string, rules: readonly CapRule[]): void {
      for (const rule of rules) counter(rule).delete(slot);
    },
    /** The first moment after now at which the text would pass if nothing else happened; room only ever comes with an expiry. */
    firstPassing(slot: string, rules: readonly CapRule[], now: number): number | undefined {
      const moments = rules.flatMap((rule) => [...live(rule, now).values()].map(({ until }) => until + 1));
      return moments.sort((a, b) => a - b).find((moment) => rules.every((rule) => passes(rule, slot, moment)));
    },
  };
}

/** The most weight of texts, each counted once, whose hits lie within `windowMs` of each other, wherever that window starts. */
export function mostInAnyWindow(hits: readonly { slot: string; weight: number; at: number }[], windowMs: number): number {
  const weightFrom = (start: number) => {
    const texts = new Map(hits.filter(({ at }) => at >= start && at <= start + windowMs).map(({ slot, weight }) => [slot, weight]));
    return [...texts.values()].reduce((sum, weight) => sum + weight, 0);
  };
  return Math.max(0, ...hits.map(({ at }) => weightFrom(at)));
}
