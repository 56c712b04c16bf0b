import { matchesPattern } from '../../policy/linear-pattern.ts';
import { LONGEST_DIGEST_LIFE_MS } from '../../redis/keys.ts';
import type { ConfigFinding } from '../finding.ts';
import type { ParsedConfig } from '../schema/schema.ts';
import { alertOverflow } from './alert-overflow.ts';

type Route = ParsedConfig['routes'][number];

const HOUR_MS = 3_600_000;
const PERIODS_MS = { hour: HOUR_MS, day: 24 * HOUR_MS, month: 31 * 24 * HOUR_MS } as const;

/** Warns where a message held back by a cap or budget would expire before it can be sent, by itself or in a digest. */
export function overflowWarnings(file: ParsedConfig): ConfigFinding[] {
  return file.routes.flatMap((route, index) => {
    const ofAlerts = alertOverflow(route, file);
    const isWritten = route.overflow !== undefined;
    const defers = route.overflow === 'defer' || (!isWritten && takesAlerts(route) && ofAlerts === 'defer');
    return [
      ...(defers ? lateReturns(route, index, file) : []),
      ...(!isWritten && takesAlerts(route) && ofAlerts === 'defer'
        ? [unregistered(index, 'messages held back by a cap are deferred')]
        : []),
      ...(route.overflow === 'digest' && alertOverflow({ ...route, overflow: undefined }, file) === 'defer'
        ? [unregistered(index, 'the operator may drop its digests')]
        : []),
      ...(ofAlerts === 'digest' ? lateDigests(route, index, file) : []),
    ];
  });
}

/** False for routes that only take login codes and notices. */
function takesAlerts({ match: { purpose } }: Route): boolean {
  if (purpose === undefined) return true;
  if (purpose instanceof RegExp) return matchesPattern(purpose, 'alert');
  return typeof purpose === 'string' ? purpose === 'alert' : purpose.includes('alert');
}

interface Wait {
  readonly cap: string;
  readonly ms: number;
}

/** Returns the longest window of each cap and budget that counts messages of this route. */
function waitsOf({ caps }: Route, file: ParsedConfig): Wait[] {
  const longest = (cap: string, windows: readonly { readonly per: number }[]): Wait[] =>
    windows.length === 0 ? [] : [{ cap, ms: Math.max(...windows.map(({ per }) => per)) }];
  const { perRecipient, perSource, perCountry, perHour } = file.caps;
  return [
    ...longest('caps.perRecipient', perRecipient),
    ...longest('caps.perSource', perSource),
    ...Object.entries(perCountry).flatMap(([code, windows]) => longest(`caps.perCountry.${code}`, windows)),
    ...(perHour === 'off' ? [] : [{ cap: 'caps.perHour', ms: HOUR_MS }]),
    ...longest("the route's caps.perRecipient", caps?.perRecipient ?? []),
    ...longest("the route's caps.perRoute", caps?.perRoute ?? []),
  ];
}

function lateReturns(route: Route, index: number, file: ParsedConfig): ConfigFinding[] {
  const budgets = Object.keys(file.money?.budgets ?? {}).map((period) => ({
    cap: `money.budgets.${period}`,
    ms: PERIODS_MS[period as keyof typeof PERIODS_MS],
  }));
  return [...waitsOf(route, file), ...budgets]
    .filter(({ ms }) => ms >= route.expiresAfter)
    .map(({ cap, ms }) => ({
      path: ['routes', index, 'expiresAfter'],
      message: `${cap} may hold a message back for ${written(ms)}: it expires before it can be sent`,
      hint: 'overflow: digest, or a longer expiresAfter',
    }));
}

function lateDigests(route: Route, index: number, file: ParsedConfig): ConfigFinding[] {
  return waitsOf(route, file)
    .filter(({ ms }) => ms >= LONGEST_DIGEST_LIFE_MS)
    .map(({ cap, ms }) => ({
      path: ['routes', index],
      message: `${cap} may hold a digest back for ${written(ms)}: it expires after ${written(LONGEST_DIGEST_LIFE_MS)}`,
      hint: 'a shorter window',
      hideValue: true,
    }));
}

function unregistered(index: number, consequence: string): ConfigFinding {
  return {
    path: ['routes', index, 'template'],
    message: `is registered with the operators (DLT) and does not match digests: ${consequence}`,
    hint: 'use overflow: defer with a long expiresAfter, or no template on a route for alerts',
  };
}

/** Formats a duration as in the config: `1h`, `7d`, `90s`. */
function written(ms: number): string {
  if (ms % (24 * HOUR_MS) === 0) return `${ms / (24 * HOUR_MS)}d`;
  if (ms % HOUR_MS === 0) return `${ms / HOUR_MS}h`;
  return ms % 60_000 === 0 ? `${ms / 60_000}m` : `${ms / 1000}s`;
}
