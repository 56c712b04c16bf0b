import { setTimeout as pause } from 'node:timers/promises';
import { logSafeId } from '../../alert/phone.ts';
import { type AlertHistory, type Histories, isInFlight } from './history.ts';

const POLL_MS = 100;

/** The time was up before everything of an alert had its outcome. */
export class OutcomeTimeoutError extends Error {
  /** As it stood last; `undefined`: nobody has heard of such an alert. */
  readonly trace: AlertHistory | undefined;

  constructor(alertId: string, timeoutMs: number, trace: AlertHistory | undefined) {
    super(`${logSafeId(alertId)} has no outcome after ${timeoutMs} ms: ${describe(trace)}`);
    this.name = 'OutcomeTimeoutError';
    this.trace = trace;
  }
}

function describe(trace: AlertHistory | undefined): string {
  if (trace === undefined) return 'nobody has raised it';
  if (trace.outcome === 'pending') return 'no router has taken it';
  const open = trace.messages.filter(({ state }) => isInFlight(state)).length;
  return `${open} of ${trace.messages.length} message(s) are on their way`;
}

/**
 * Reads the trace until nothing of the alert is on its way any more, or the time is up; then gives the last one seen.
 * @param nextLook resolves when it is worth looking again, within the given ms at the latest
 */
export async function waitForOutcome(
  histories: Pick<Histories, 'alert'>,
  alertId: string,
  timeoutMs: number,
  nextLook: (leftMs: number) => Promise<void> = (leftMs) => pause(Math.min(POLL_MS, leftMs)),
): Promise<AlertHistory | undefined> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const trace = await histories.alert(alertId);
    const leftMs = end - performance.now();
    if (isSettled(trace) || leftMs <= 0) return trace;
    await nextLook(leftMs);
  }
}

/** `undefined`, an alert that no router has seen, is not settled. */
export function isSettled(trace: AlertHistory | undefined): boolean {
  if (trace === undefined || trace.outcome === 'pending') return false;
  return trace.messages.every(({ state }) => !isInFlight(state));
}

/** Did every phone of the alert get its text, as far as is known? */
export function isEveryPhoneReached(trace: AlertHistory | undefined): boolean {
  return (
    trace?.outcome === 'routed' &&
    trace.messages.length > 0 &&
    trace.messages.every(({ state }) => state === 'accepted' || state === 'delivered')
  );
}
