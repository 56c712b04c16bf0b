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
  /** Its time runs from here on when an operator replayed it. */
  readonly replayedAt?: number;
  /** Raised while its route had simulated providers alone, which it has no more. */
  readonly fromTrial?: boolean;
}

/** An alert that waited on the queue beyond its own deadline texts nobody. */
export const alertExpiryGate: Stage<AlertSubject> = {
  name: 'expiry-gate',
  exec({ alert, receivedAt, replayedAt = receivedAt, policy }, { clock }) {
    const deadline = deadlineOf(alert, replayedAt, policy.expiresAfterMs, receivedAt);
    return clock.now().getTime() >= deadline ? { kind: 'suppressed', reason: 'expired' } : pass;
  },
};

/** The ledger and what was resolved are remembered for longer than this, so that no text outlives what is known of it. */
const LONGEST_LIFE_MS = 2 * 86_400_000;

/**
 * ms since the epoch: the producer's own deadline, else the route's, both within two days.
 * @param from when its time began: when it was received, or replayed; a replayed alert is good for as long as it was at first
 */
export function deadlineOf(alert: ParsedAlert, from: number, expiresAfterMs: number, receivedAt = from): number {
  if (alert.expiresAt === undefined) return from + Math.min(expiresAfterMs, LONGEST_LIFE_MS);
  return from + Math.min(Date.parse(alert.expiresAt) - receivedAt, LONGEST_LIFE_MS);
}

/** A text costs money and wakes people: only what the route finds grave enough becomes one. */
export const severityGate: Stage<AlertSubject> = {
  name: 'severity-gate',
  exec({ alert, policy }) {
    if (isAtLeast(alert.severity, policy.minSeverity)) return pass;
    return { kind: 'suppressed', reason: 'below_severity', detail: `route ${policy.route} texts from ${policy.minSeverity} up` };
  },
};

/** What every alert passes, in this order, before its recipients are looked up. */
export const ALERT_STAGES: readonly Stage<AlertSubject>[] = [alertExpiryGate, severityGate];
