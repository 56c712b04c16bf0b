import type { ProviderError } from '../contract/provider.ts';
import type { Turn } from './breaker.ts';

/** A provider that asked to be left alone. All times are ms since the epoch. */
export interface Pause {
  readonly until: number;
  /** How often in a row it asked again as soon as it was tried. */
  readonly repeats: number;
}

/** Of a provider that does not say for how long; doubled with every repeat. */
export const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_UNASKED_PAUSE_MS = 60_000;
/** A limit of the day may be raised before the day is over: one text in so many minutes finds out. */
export const LONGEST_PAUSE_MS = 5 * 60_000;

/** When it is over, one text at a time tries the provider out until one is not throttled. */
export function judgePause(pause: Pause | undefined, now: number): Turn {
  if (pause === undefined) return { kind: 'go' };
  return now < pause.until ? { kind: 'wait', until: pause.until } : { kind: 'probe', elseAt: now + SHORTEST_PAUSE_MS };
}

/** A throttle of one number is no reason to leave the others out. */
export function isThrottleOfAll(error: ProviderError | undefined): boolean {
  return error?.reason === 'throttled' && !error.onlyThisMessage;
}

/** @param error of a request that has ended; `undefined` when the text was accepted */
export function afterRequest(pause: Pause | undefined, error: ProviderError | undefined, now: number): Pause | undefined {
  const isPaused = pause !== undefined && now < pause.until;
  if (!isThrottleOfAll(error)) return isPaused ? pause : undefined;
  // While it lasts, only requests that were under way before it end.
  const repeats = pause === undefined ? 0 : pause.repeats + (isPaused ? 0 : 1);
  const until = now + pauseMs(error?.retryAt, repeats, now);
  return { until: isPaused ? Math.max(until, pause.until) : until, repeats };
}

function pauseMs(retryAt: Date | undefined, repeats: number, now: number): number {
  if (retryAt === undefined) return Math.min(SHORTEST_PAUSE_MS * 2 ** repeats, LONGEST_UNASKED_PAUSE_MS);
  return Math.min(Math.max(retryAt.getTime() - now, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
}
