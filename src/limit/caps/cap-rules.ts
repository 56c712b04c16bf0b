import { hash } from '../../alert/id.ts';
import { callingCode, type E164 } from '../../alert/phone/phone.ts';
import type { Severity } from '../../alert/severity.ts';
import { nowLua } from '../../redis/clock/redis-clock.ts';
import type { Redis } from '../../redis/connect.ts';
import { defineScript } from '../../redis/define-script.ts';
import type { Keys } from '../../redis/keys.ts';
import { foundNamesLua } from '../cap-names.ts';
import { limiterKeys, SETTINGS_KEY, SLOTS_KEY, WEIGHTS_KEY } from './bottleneck-lua.ts';
import type { CapReason, CapRule, Caps, RouteCaps, Window } from './rate-cap.ts';

/** Returns what `reserve` would count, without its tick, so that nothing changes. `now`: ms, `undefined` for the Redis clock. */
const usageScript = defineScript(new URL('../lua/usage.lua', import.meta.url), {
  keys: ['capNames', 'settings', 'weights', 'slots'],
  args: { now: 'number?' },
  reply: Number,
  includes: [nowLua, foundNamesLua],
});

/**
 * Weight in the current window of the cap over all recipients: messages, or segments if the cap counts those.
 * @param simulated messages for the simulator instead of real ones
 * @param now ms; only for tests
 */
export async function readHourUsage(redis: Redis, keys: Keys, simulated = false, now?: number): Promise<number> {
  const all = limiterKeys(keys.limiter(hourCounter(simulated)));
  const nth = (position: number) => all[position - 1] as string;
  return usageScript(redis, {
    keys: { capNames: keys.capNames(), settings: nth(SETTINGS_KEY), weights: nth(WEIGHTS_KEY), slots: nth(SLOTS_KEY) },
    args: { now },
  });
}

const HOUR_MS = 3_600_000;

/** Key of the one rule over all recipients. */
const HOUR_CAP = 'hour';

/** Key for messages to the simulator, which are counted separately, so that a trial uses no slot of a real message. */
const counterOf = (key: string, simulated: boolean): string => (simulated ? `simulated:${key}` : key);

/** Key of the counter over all recipients: of real messages, or of those for the simulator. */
export function hourCounter(simulated: boolean): string {
  return counterOf(HOUR_CAP, simulated);
}

/** Configured limits: those of all messages, and those of the message's route if it has any. */
interface Limits {
  readonly caps: Caps;
  readonly routeCaps?: RouteCaps | undefined;
}

/** Properties by which a message is counted. */
export interface CapSubject {
  readonly to: E164;
  readonly phoneHash: string;
  readonly severity: Severity;
  /** Segments of the whole text. */
  readonly segments: number;
  readonly route: string;
  /** Absent where the alert names no source. */
  readonly sourceHash?: string | undefined;
  /** Whether the message is for the simulator. */
  readonly simulated?: boolean | undefined;
}

/**
 * Rules that a message must all satisfy, those of its recipient first. Of two limits on the same window the lower one
 * counts. The window is part of each key: after a config change a window of another length starts empty, while a new
 * `max` keeps the messages already counted. Route names may contain any character and are hashed.
 */
export function capRulesFor({ caps, routeCaps }: Limits, subject: CapSubject): CapRule[] {
  const { phoneHash, severity, segments, sourceHash, simulated = false } = subject;
  // A message heavier than its cap may be sent alone: exceeding the cap once is better than never sending it.
  const weighed = (rule: Omit<CapRule, 'weight'>): CapRule => ({
    ...rule,
    key: counterOf(rule.key, simulated),
    weight: caps.weight === 'segments' ? Math.max(1, Math.min(segments, rule.max - rule.reserve)) : 1,
  });
  const each = (windows: readonly Window[], counter: string, reason: CapReason): CapRule[] =>
    lowest(windows).map(([windowMs, max]) => weighed({ key: `${counter}:${windowMs}`, reason, max, windowMs, reserve: 0 }));

  const rules = each(caps.perRecipient, `r:${phoneHash}`, 'rate_cap_recipient');
  const route = routeCaps && hash('route', subject.route);
  if (routeCaps !== undefined) rules.push(...each(routeCaps.perRecipient, `rr:${route}:${phoneHash}`, 'rate_cap_route'));
  if (caps.perSource !== undefined && sourceHash !== undefined) {
    rules.push(...each(caps.perSource, `s:${sourceHash}`, 'rate_cap_source'));
  }
  if (caps.perCountry !== undefined && caps.perCountry.size > 0) {
    const code = callingCode(subject.to) ?? '';
    rules.push(...each(caps.perCountry.get(code) ?? [], `c:${code}`, 'rate_cap_country'));
  }
  if (routeCaps !== undefined) rules.push(...each(routeCaps.perRoute, `ro:${route}`, 'rate_cap_route'));
  if (caps.perHour !== undefined) {
    const { max, criticalReserve } = caps.perHour;
    const reserve = severity === 'critical' ? 0 : criticalReserve;
    rules.push(weighed({ key: HOUR_CAP, reason: 'rate_cap_hour', max, windowMs: HOUR_MS, reserve }));
  }
  return rules;
}

/** Reduces the limits to one per window, the lowest. */
function lowest(windows: readonly Window[]): [windowMs: number, max: number][] {
  const limits = new Map<number, number>();
  for (const { max, perMs } of windows) limits.set(perMs, Math.min(max, limits.get(perMs) ?? max));
  return [...limits];
}
