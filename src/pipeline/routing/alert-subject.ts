import type { ParsedAlert } from '../../alert/alert.ts';
import { dedupKeyOf } from '../../alert/dedup-key.ts';
import { alertIdOfJob, dedupHash, idInData } from '../../alert/id.ts';
import { AlertError, type Directory, readAlert, Unreadable } from '../../alert/parse/parse-alert.ts';
import { readMoment } from '../../alert/parse/read-moment.ts';
import type { Config } from '../../config/config.ts';
import type { SettledAlert } from '../../ledger/records.ts';
import { pickRoute, policyFor, type Route } from '../../policy/route.ts';
import type { AlertSubject } from './alert-stages.ts';
import { anyProvider, NO_ROUTE } from './fit-providers.ts';

/** Job from the alert queue, written by any client. */
export interface RawAlert {
  readonly jobId: string;
  readonly data: unknown;
  /** ms since the epoch. */
  readonly timestamp: number;
  /** Replayed by an operator. */
  readonly replayed?: boolean;
  /** Rejection reason that overrides its data. */
  readonly refused?: string;
}

/** Reads the data of a job. Data that were rejected before are an error too. */
export function readRaw({ data, refused }: RawAlert, directory: Directory): ParsedAlert | AlertError {
  const fault = refused ?? (data instanceof Unreadable ? data.reason : undefined);
  return fault === undefined ? readAlert(data, directory) : new AlertError([{ path: '', message: fault }]);
}

/** Derives an id from the job, for an alert without one. */
function derivedId({ jobId, timestamp, data }: RawAlert): string {
  return alertIdOfJob({ jobId, timestamp, data: data instanceof Unreadable ? undefined : data });
}

/** What the stages decide over. */
export function subjectOf(raw: RawAlert, alert: ParsedAlert, config: Pick<Config, 'routes' | 'providers'>, now: Date): AlertSubject {
  const { timestamp, replayed } = raw;
  const route = routeOf(alert, config);
  const dedupKey = dedupKeyOf(alert);
  return {
    id: alert.id ?? derivedId(raw),
    alert,
    policy: policyFor(route, alert),
    dedupKey,
    dedupHash: dedupHash(dedupKey),
    receivedAt: plausible(timestamp, now),
    ...(replayed ? { replayedAt: now.getTime() } : {}),
  };
}

/** Tolerance for producers' clocks; a job written by hand may have any timestamp. */
const CLOCK_SKEW_MS = 60_000;

function plausible(timestamp: number, now: Date): number {
  const at = Date.parse(readMoment(timestamp) ?? '');
  return at <= now.getTime() + CLOCK_SKEW_MS ? at : now.getTime();
}

/** Marks an alert that was raised while its route had no real provider; a replayed alert counts as raised now. */
export function withTrial(subject: AlertSubject, realSince: ReadonlyMap<string, number> | undefined): AlertSubject {
  const { receivedAt, replayedAt = receivedAt, policy } = subject;
  const since = realSince?.get(policy.route);
  return since !== undefined && replayedAt < since ? { ...subject, fromTrial: true } : subject;
}

export function routeOf(alert: ParsedAlert, config: Pick<Config, 'routes' | 'providers'>): Route {
  return pickRoute(config.routes, alert) ?? catchAll(config);
}

/** Route for alerts that match no route: no alert is dropped because of a missing route. */
function catchAll(config: Pick<Config, 'providers'>): Route {
  return { name: NO_ROUTE, match: {}, ...anyProvider(config), expiresAfterMs: 3_600_000 };
}

/** What the ledger stores of an alert that cannot be read. */
export function malformed(raw: RawAlert, now: Date): Omit<SettledAlert, 'events'> {
  return {
    id: idInData(raw.data) ?? derivedId(raw),
    severity: 'unknown',
    purpose: 'unknown',
    status: 'firing',
    dedupKey: null,
    receivedAt: plausible(raw.timestamp, now),
    outcome: 'malformed',
    reason: 'malformed',
  };
}
