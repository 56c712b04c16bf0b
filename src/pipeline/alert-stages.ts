import type { ParsedAlert } from '../alert/alert.ts';
import { isAtLeast } from '../alert/severity.ts';
import type { Policy } from './route.ts';
import { pass, type Stage } from './stage.ts';

/** An alert on its way through the router. */
export interface AlertSubject {
  readonly id: string;
  readonly alert: ParsedAlert;
  readonly policy: Policy;
  readonly dedupKey: string;
  readonly dedupHash: string;
  readonly receivedAt: number;
}

/** An alert that waited on the queue beyond its own deadline texts nobody. */
export const alertExpiryGate: Stage<AlertSubject> = {
  name: 'expiry-gate',
  exec({ alert, receivedAt, policy }, { clock }) {
    return clock.now().getTime() >= deadlineOf(alert, receivedAt, policy.expiresAfterMs) ? { kind: 'suppressed', reason: 'expired' } : pass;
  },
};

/** ms since the epoch: the producer's own deadline, else the route's. */
export function deadlineOf(alert: ParsedAlert, receivedAt: number, expiresAfterMs: number): number {
  return alert.expiresAt === undefined ? receivedAt + expiresAfterMs : Date.parse(alert.expiresAt);
}

/** A text costs money and wakes people: only what the route finds grave enough becomes one. */
export const severityGate: Stage<AlertSubject> = {
  name: 'severity-gate',
  exec({ alert, policy }) {
    if (isAtLeast(alert.severity, policy.minSeverity)) return pass;
    return { kind: 'suppressed', reason: 'below_severity', detail: `route ${policy.route} texts from ${policy.minSeverity} up` };
  },
};
