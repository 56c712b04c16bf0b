import { setTimeout as pause } from 'node:timers/promises';
import { logSafeId } from '../../alert/phone/phone.ts';
import { type AlertHistory, type Histories, isInFlight } from './history.ts';

const POLL_MS = 100;

/** Error: the timeout passed before every part of an alert had its outcome. */
export class OutcomeTimeoutError extends Error {
  /** The last history read; `undefined`: the alert is unknown. */
  readonly trace: AlertHistory | undefined;

  constructor(alertId: string, timeoutMs: number, trace: AlertHistory | undefined) {
    super(`${logSafeId(alertId)} has no outcome after ${timeoutMs} ms: ${describe(trace)}`);
    this.name = 'OutcomeTimeoutError';
    this.trace = trace;
  }
}

function describe(trace: AlertHistory | undefined): string {
  if (trace === undefined) return 'no alert has this id';
  if (trace.outcome === 'pending') return 'no router has taken it';
  const open = trace.messages.filter(({ state }) => isInFlight(state)).length;
  return `${open} of ${trace.messages.length} message(s) are on their way`;
}

/**
 * Reads the history until no part of the alert is in progress, or the timeout passes; then returns the last one read.
 * @param nextLook resolves when a new read may show a change, after the given ms at the latest
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

/** Whether everything has its outcome. `undefined`, an alert that no router has seen, is not settled. */
export function isSettled(trace: AlertHistory | undefined): boolean {
  if (trace === undefined || trace.outcome === 'pending') return false;
  return trace.messages.every(({ state }) => !isInFlight(state));
}

/** Whether every phone of the alert got its message, as far as is known. */
export function isEveryPhoneReached(trace: AlertHistory | undefined): boolean {
  return (
    trace?.outcome === 'routed' &&
    trace.messages.length > 0 &&
    trace.messages.every(({ state }) => state === 'accepted' || state === 'delivered')
  );
}
