import type { Purpose } from '../alert/purpose.ts';
import { isAtLeast, type Severity } from '../alert/severity.ts';
import type { RouteCaps } from '../limit/caps/rate-cap.ts';
import type { Ladder } from './escalation.ts';
import { matchesPattern } from './linear-pattern.ts';
import type { ProviderPlan } from './provider-order.ts';
import type { QuietHours } from './quiet-hours.ts';

/** A single value, a list of alternatives, or a pattern. */
export type Matcher = string | readonly string[] | RegExp;

export interface RouteMatch {
  readonly severity?: Matcher;
  readonly purpose?: Matcher;
  readonly source?: Matcher;
  readonly labels?: Readonly<Record<string, Matcher>>;
}

/** Action for a message that exceeds a cap: `defer` it, `drop` it, or add it to a `digest` for the same recipient. */
export const OVERFLOWS = ['defer', 'drop', 'digest'] as const;
export type Overflow = (typeof OVERFLOWS)[number];
/** Action for a message whose outcome at the provider is unknown. */
export type OnUnknown = 'resend' | 'hold';

/** Options for shortening the text of an alert. */
export interface Shaping {
  /** Upper bound of segments; longer texts are truncated. Absent = no truncation. */
  readonly maxSegments?: number;
  /** Replaces characters by GSM-7 equivalents where they exist. */
  readonly transliterate?: boolean;
}

/** A route of the config. Keys without a value get a default that depends on the alert: see {@link policyFor}. */
export interface Route extends Shaping, ProviderPlan {
  readonly name: string;
  readonly match: RouteMatch;
  readonly minSeverity?: Severity;
  readonly dedupeForMs?: number;
  readonly expiresAfterMs: number;
  readonly overflow?: Overflow;
  readonly onUnknown?: OnUnknown;
  /** Key of `templates`, used for alerts that have only a text. */
  readonly template?: string;
  readonly caps?: RouteCaps;
  /** Absent: the quiet hours of the recipient, or else the global ones. */
  readonly quietHours?: QuietHours | 'off';
  /** Absent: one SMS immediately, no escalation. */
  readonly ladder?: Ladder;
  /** Messages contain a code that the recipient replies with to acknowledge the alert. */
  readonly acknowledge?: boolean;
  /** Recipients of the alert get another SMS when it is resolved. */
  readonly resolvedTexts?: boolean;
  /** `exempt`: contacts need no consent for messages of this route. */
  readonly consent?: 'required' | 'exempt';
}

/** Keys whose default depends on the alert. */
type Defaulted = 'minSeverity' | 'dedupeForMs' | 'overflow' | 'onUnknown';

/**
 * A route with the defaults for one alert applied. Caps are not part of it: they are looked up by route name in the
 * config that is active when they are checked.
 */
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
  /** Name of the key, for example `severity` or `labels.team`. */
  readonly key: string;
  readonly wanted: Matcher;
  /** The value of the alert; `undefined` when it has none. */
  readonly found: string | undefined;
}

/** Returns the first condition of a match that the alert does not meet. */
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
 * Applies the defaults of a route for one alert. Only alerts are gated by severity unless the route sets `minSeverity`.
 * Only alerts are deduplicated unless the route sets `dedupeFor` and matches by purpose: a route for all purposes means
 * alerts, and a login code that is requested again must be sent again. Only alerts over a cap or budget go into a
 * digest unless the route sets `overflow`.
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
