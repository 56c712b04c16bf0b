import type { Severity } from '../alert/severity.ts';
import type { Caps } from '../config/config.ts';
import type { CapRule } from './rate-cap.ts';

const HOUR_MS = 3_600_000;

/**
 * The rules that a text must fit into, its recipient's first. Of two limits on the same window the lower one counts.
 * The window is part of a recipient's key: a window of another length counts from the edit of the config on, while a
 * `max` may change and what was sent still counts.
 */
export function capRulesFor({ caps, phoneHash, severity }: { caps: Caps; phoneHash: string; severity: Severity }): CapRule[] {
  const lowest = new Map<number, number>();
  for (const { max, perMs } of caps.perRecipient) lowest.set(perMs, Math.min(max, lowest.get(perMs) ?? max));
  const rules: CapRule[] = [...lowest].map(([windowMs, max]) => ({
    key: `r:${phoneHash}:${windowMs}`,
    reason: 'rate_cap_recipient',
    max,
    windowMs,
    reserve: 0,
  }));
  if (caps.perHour !== undefined) {
    const { max, criticalReserve } = caps.perHour;
    rules.push({
      key: 'hour',
      reason: 'rate_cap_hour',
      max,
      windowMs: HOUR_MS,
      reserve: severity === 'critical' ? 0 : criticalReserve,
    });
  }
  return rules;
}
