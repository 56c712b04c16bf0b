import type { ParsedAlert } from '../../alert/alert.ts';
import { isAtLeast } from '../../alert/severity.ts';
import type { Policy } from '../../policy/route.ts';
import { pass, type Stage } from '../stage.ts';

/** An alert on its way through the router. */
export interface AlertSubject {
  readonly id: string;
  readonly alert: ParsedAlert;
  readonly policy: Policy;
  readonly dedupKey: string;
  readonly dedupHash: string;
  readonly receivedAt: number;
  /** When an operator replayed it; its deadline counts from then on. */
  readonly replayedAt?: number;
  /** Raised while its route had only simulated providers, which has changed since. */
  readonly fromTrial?: boolean;
}

/** Suppresses an alert that waited on the queue beyond its deadline. */
export const alertExpiryGate: Stage<AlertSubject> = {
  name: 'expiry-gate',
  exec({ alert, receivedAt, replayedAt = receivedAt, policy }, { clock }) {
    const deadline = deadlineOf(alert, replayedAt, policy.expiresAfterMs, receivedAt);
    return clock.now().getTime() >= deadline ? { kind: 'suppressed', reason: 'expired' } : pass;
  },
};

/** Shorter than the retention of the ledger and of resolved keys, so that no message outlives its records. */
const LONGEST_LIFE_MS = 2 * 86_400_000;

/**
 * Returns the deadline in ms since the epoch: the producer's own, else the route's, both within two days.
 * @param from when the lifetime starts: when received or replayed; a replayed alert gets its original lifetime again
 */
export function deadlineOf(alert: ParsedAlert, from: number, expiresAfterMs: number, receivedAt = from): number {
  if (alert.expiresAt === undefined) return from + Math.min(expiresAfterMs, LONGEST_LIFE_MS);
  return from + Math.min(Date.parse(alert.expiresAt) - receivedAt, LONGEST_LIFE_MS);
}

/** Suppresses alerts below the minimum severity of the route: messages cost money and wake people. */
export const severityGate: Stage<AlertSubject> = {
  name: 'severity-gate',
  exec({ alert, policy }) {
    if (isAtLeast(alert.severity, policy.minSeverity)) return pass;
    return { kind: 'suppressed', reason: 'below_severity', detail: `route ${policy.route} has minSeverity ${policy.minSeverity}` };
  },
};

/** Stages of every alert before its recipients are resolved, in this order. */
export const ALERT_STAGES: readonly Stage<AlertSubject>[] = [alertExpiryGate, severityGate];
