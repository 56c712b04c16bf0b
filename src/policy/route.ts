import type { Purpose } from '../alert/alert.ts';
import { matchesPattern } from '../alert/linear-pattern.ts';
import { isAtLeast, type Severity } from '../alert/severity.ts';
import type { RouteCaps } from '../limit/caps/rate-cap.ts';
import type { Ladder } from './escalation.ts';
import type { ProviderPlan } from './provider-order.ts';
import type { QuietHours } from './quiet-hours.ts';

/** One value, one of several, or a pattern. */
export type Matcher = string | readonly string[] | RegExp;

export interface RouteMatch {
  readonly severity?: Matcher;
  readonly purpose?: Matcher;
  readonly source?: Matcher;
  readonly labels?: Readonly<Record<string, Matcher>>;
}

/** What to do with what a cap holds back: it waits, is given up, or is told of in one text together with others. */
export const OVERFLOWS = ['defer', 'drop', 'digest'] as const;
export type Overflow = (typeof OVERFLOWS)[number];
/** What to do when nobody knows whether a text went out. */
export type OnUnknown = 'resend' | 'hold';

/** How the text of an alert is made to fit. */
export interface Shaping {
  /** A longer text is shortened to so many segments; absent = never. */
  readonly maxSegments?: number;
  /** Says in GSM-7 what can be said in it. */
  readonly transliterate?: boolean;
}

/** Keys left out in the config have a default that depends on the alert: see {@link policyFor}. */
export interface Route extends Shaping, ProviderPlan {
  readonly name: string;
  readonly match: RouteMatch;
  readonly minSeverity?: Severity;
  readonly dedupeForMs?: number;
  readonly expiresAfterMs: number;
  readonly overflow?: Overflow;
  readonly onUnknown?: OnUnknown;
  /** A key of `templates`, for alerts that bring only text. */
  readonly template?: string;
  readonly caps?: RouteCaps;
  /** Absent: those of the recipient, or of the whole file. */
  readonly quietHours?: QuietHours | 'off';
  /** Absent: texts at once, and that is all. */
  readonly ladder?: Ladder;
  /** Its texts carry a code by which they are acknowledged. */
  readonly acknowledge?: boolean;
  /** Whoever was texted is texted once more when it is over. */
  readonly resolvedTexts?: boolean;
  /** `exempt`: contacts need none for these texts. */
  readonly consent?: 'required' | 'exempt';
}

/** Of these a route may leave its word to the alert. */
type Defaulted = 'minSeverity' | 'dedupeForMs' | 'overflow' | 'onUnknown';

/** A route as it is for one alert. Its caps are looked up by its name, in the config of the moment at which they are asked. */
export interface Policy extends Omit<Route, 'name' | 'match' | 'caps' | Defaulted>, Required<Pick<Route, Defaulted>> {
  readonly route: string;
}

export interface Routable {
  readonly severity: Severity;
  readonly purpose: Purpose;
  readonly source?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

/** The first route that matches, or `undefined` when none does. */
export function pickRoute(routes: readonly Route[], alert: Routable): Route | undefined {
  return routes.find(({ match }) => firstMismatch(match, alert) === undefined);
}

export interface Mismatch {
  /** Such as `severity` or `labels.team`. */
  readonly key: string;
  readonly wanted: Matcher;
  /** What the alert has there, if anything. */
  readonly found: string | undefined;
}

/** The first line of a match by which an alert does not take its route. */
export function firstMismatch({ severity, purpose, source, labels = {} }: RouteMatch, alert: Routable): Mismatch | undefined {
  const lines: readonly (readonly [key: string, wanted: Matcher | undefined, found: string | undefined])[] = [
    ['severity', severity, alert.severity],
    ['purpose', purpose, alert.purpose],
    ['source', source, alert.source],
    ...Object.entries(labels).map(([name, wanted]) => [`labels.${name}`, wanted, labelOf(alert, name)] as const),
  ];
  const line = lines.find(([, wanted, found]) => !matches(wanted, found));
  return line && { key: line[0], wanted: line[1] as Matcher, found: line[2] };
}

function labelOf({ labels }: Routable, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}

function matches(matcher: Matcher | undefined, value: string | undefined): boolean {
  if (matcher === undefined) return true;
  if (value === undefined) return false;
  if (matcher instanceof RegExp) return matchesPattern(matcher, value);
  return typeof matcher === 'string' ? matcher === value : matcher.includes(value);
}

const HALF_AN_HOUR_MS = 30 * 60_000;

/**
 * A route with its defaults filled in for one alert. Only alerts are gated by severity unless the route says so, and only
 * alerts are deduped unless the route says so and matches by purpose: a route for all purposes means alerts, and a login
 * code asked for again must be sent again.
 * What a cap or budget holds back is gathered into a digest only for alerts, unless the route says so.
 */
export function policyFor(route: Route, alert: Routable): Policy {
  const isAlert = alert.purpose === 'alert';
  const { name, match: _match, caps: _caps, ...own } = route;
  return {
    ...own,
    route: name,
    minSeverity: route.minSeverity ?? (isAlert ? 'critical' : 'info'),
    dedupeForMs: isAlert || route.match.purpose !== undefined ? (route.dedupeForMs ?? (isAlert ? HALF_AN_HOUR_MS : 0)) : 0,
    overflow: route.overflow ?? (isAlert ? 'digest' : 'defer'),
    onUnknown: route.onUnknown ?? (isAtLeast(alert.severity, 'critical') ? 'resend' : 'hold'),
  };
}
