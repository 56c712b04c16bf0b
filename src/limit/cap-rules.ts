import type { Severity } from '../alert/severity.ts';
import type { Caps } from '../config/config.ts';
import type { CapRule } from './rate-cap.ts';

const HOUR_MS = 3_600_000;

export interface CapSubject {
  readonly caps: Caps;
  readonly phoneHash: string;
  readonly severity: Severity;
  /** Of the whole text. */
  readonly segments: number;
}

/**
 * The rules that a text must fit into, its recipient's first. Of two limits on the same window the lower one counts.
 * The window is part of a recipient's key: a window of another length counts from the edit of the config on, while a
 * `max` may change and what was sent still counts.
 */
export function capRulesFor({ caps, phoneHash, severity, segments }: CapSubject): CapRule[] {
  // A text that is heavier than its cap may pass alone: better over the cap once than never.
  const weighed = (rule: Omit<CapRule, 'weight'>): CapRule => ({
    ...rule,
    weight: caps.weight === 'segments' ? Math.max(1, Math.min(segments, rule.max - rule.reserve)) : 1,
  });
  const lowest = new Map<number, number>();
  for (const { max, perMs } of caps.perRecipient) lowest.set(perMs, Math.min(max, lowest.get(perMs) ?? max));
  const rules = [...lowest].map(([windowMs, max]) =>
    weighed({ key: `r:${phoneHash}:${windowMs}`, reason: 'rate_cap_recipient', max, windowMs, reserve: 0 }),
  );
  if (caps.perHour !== undefined) {
    const { max, criticalReserve } = caps.perHour;
    const reserve = severity === 'critical' ? 0 : criticalReserve;
    rules.push(weighed({ key: 'hour', reason: 'rate_cap_hour', max, windowMs: HOUR_MS, reserve }));
  }
  return rules;
}
