import { setTimeout as pause } from 'node:timers/promises';
import { type AlertTrace, isOnItsWay, type Traces } from '../ledger/trace.ts';

const POLL_MS = 100;

/** Reads the trace until nothing of the alert is on its way any more, or the time is up; then gives the last one seen. */
export async function waitForOutcome(traces: Traces, alertId: string, timeoutMs: number): Promise<AlertTrace | undefined> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const trace = await traces.alert(alertId);
    const leftMs = end - performance.now();
    if (isSettled(trace) || leftMs <= 0) return trace;
    await pause(Math.min(POLL_MS, leftMs));
  }
}

/** `undefined`, an alert that no router has seen, is not settled. */
export function isSettled(trace: AlertTrace | undefined): boolean {
  if (trace === undefined || trace.outcome === 'pending') return false;
  return trace.messages.every(({ state }) => !isOnItsWay(state));
}

/** Did every phone of the alert get its text, as far as is known? */
export function isTexted(trace: AlertTrace | undefined): boolean {
  return (
    trace?.outcome === 'routed' &&
    trace.messages.length > 0 &&
    trace.messages.every(({ state }) => state === 'accepted' || state === 'delivered')
  );
}
