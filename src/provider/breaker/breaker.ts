import type { Accepted, ProviderReason, Refused } from '../contract/provider.ts';

/** How a request ended, as far as it counts. */
interface Ending {
  readonly at: number;
  readonly failed: boolean;
}

/**
 * A provider's circuit breaker. Closed: all go through. Open: none. Half open: single texts try the provider out. Slow
 * start: it works again, and gets a rising share. `openings`: how often it opened since it was last closed.
 * All times are ms since the epoch.
 */
export type Circuit =
  | { readonly state: 'closed'; readonly endings: readonly Ending[] }
  | { readonly state: 'open'; readonly until: number; readonly openings: number }
  | { readonly state: 'half_open'; readonly passed: number; readonly openings: number }
  | { readonly state: 'slow_start'; readonly startedAt: number; readonly endings: readonly Ending[]; readonly openings: number };

export const closedCircuit: Circuit = { state: 'closed', endings: [] };

/** The last so many endings count, none older than this: a busy provider is found out in a second, a quiet one in a minute. */
const WINDOW = 40;
const WINDOW_MS = 60_000;
/** Fewer endings prove nothing. */
export const MIN_VOLUME = 10;
const FAILURE_SHARE = 0.5;
/** Doubled with every opening in a row. */
export const FIRST_OPEN_MS = 5_000;
/** A text of an alert has minutes, not hours: this is how late we learn that the provider is back. */
export const LONGEST_OPEN_MS = 60_000;
/** Probes in a row that must go well. */
export const PROBES = 3;
export const SLOW_START_MS = 20_000;
const FIRST_SHARE = 0.1;

/**
 * What an ending says of the provider. `works`: it answered, if only with a no. `shut`: the account is refused, which the
 * next text cannot change. `nothing`: a throttle comes from a provider that works, but shows nothing else of it.
 */
export type Bearing = 'works' | 'fails' | 'shut' | 'nothing';

export function bearingOf(answer: Accepted | Refused): Bearing {
  return answer.kind === 'accepted' ? 'works' : bearingOfRefusal(answer.error);
}

function bearingOfRefusal({ reason, onlyThisMessage, unlisted }: Refused['error']): Bearing {
  const bearing = BEARINGS[reason];
  if (bearing === 'nothing') return bearing;
  if (onlyThisMessage) return 'works';
  // A code that nobody has looked up may be about one country: it must not shut the provider for all by itself.
  return bearing === 'shut' && unlisted ? 'fails' : bearing;
}

const BEARINGS: Readonly<Record<ProviderReason, Bearing>> = {
  recipient: 'works',
  opted_out: 'works',
  content: 'works',
  auth: 'shut',
  balance: 'shut',
  throttled: 'nothing',
  circuit_open: 'nothing',
  unavailable: 'fails',
  unknown_outcome: 'fails',
};

/** May a message go through now? `probe`: as the only one of its kind at a time; else it comes back at `elseAt`. */
export type Turn =
  | { readonly kind: 'go' }
  | { readonly kind: 'probe'; readonly elseAt: number }
  | { readonly kind: 'wait'; readonly until: number };

/** @param position of the message among all, 0 to 1: its place in a slow start; asked for only where one runs or may follow */
export function judgeTurn(circuit: Circuit, position: () => number, now: number): Turn {
  switch (circuit.state) {
    case 'closed':
      return { kind: 'go' };
    case 'open':
      return { kind: 'wait', until: circuit.until };
    // Its turn in the slow start, if the probes did well at once: all that wait do not come back together.
    case 'half_open':
      return { kind: 'probe', elseAt: now + turnAfterMs(position()) };
    // One at a time may go before its turn, so that a lone text does not wait for a crowd that is not there.
    case 'slow_start': {
      const elseAt = circuit.startedAt + turnAfterMs(position());
      return now >= elseAt ? { kind: 'go' } : { kind: 'probe', elseAt };
    }
  }
}

/** Whether every message up to this position goes through now. */
export function admitsAll(circuit: Circuit, position: number, now: number): boolean {
  const { state } = circuit;
  return state === 'closed' || (state === 'slow_start' && now >= circuit.startedAt + turnAfterMs(position));
}

/** The share of a slow start rises steadily to all; a message has its turn when the share comes to its position. */
function turnAfterMs(position: number): number {
  return (Math.max(0, position - FIRST_SHARE) / (1 - FIRST_SHARE)) * SLOW_START_MS;
}

/** What time alone changes. */
export function advance(circuit: Circuit, now: number): Circuit {
  if (circuit.state === 'open' && now >= circuit.until) return { state: 'half_open', passed: 0, openings: circuit.openings };
  if (circuit.state === 'slow_start' && now >= circuit.startedAt + SLOW_START_MS) return { state: 'closed', endings: circuit.endings };
  return circuit;
}

/** The circuit after a request that was let through since it last opened. */
export function afterEnding(circuit: Circuit, bearing: Bearing, now: number): Circuit {
  if (bearing === 'nothing' || circuit.state === 'open') return circuit;
  if (bearing === 'shut') return open(circuit, LONGEST_OPEN_MS, now);
  if (circuit.state === 'half_open') {
    if (bearing === 'fails') return open(circuit, openMs(circuit), now);
    const passed = circuit.passed + 1;
    return passed < PROBES ? { ...circuit, passed } : { state: 'slow_start', startedAt: now, endings: [], openings: circuit.openings };
  }
  const endings = [...circuit.endings, { at: now, failed: bearing === 'fails' }].filter(({ at }) => at > now - WINDOW_MS).slice(-WINDOW);
  const failed = endings.filter((ending) => ending.failed).length;
  // Only a failing call opens it: one that succeeds proves that the provider works, whatever preceded it.
  const isDown = bearing === 'fails' && endings.length >= MIN_VOLUME && failed >= endings.length * FAILURE_SHARE;
  return isDown ? open(circuit, openMs(circuit), now) : { ...circuit, endings };
}

function openingsOf(circuit: Circuit): number {
  return circuit.state === 'closed' ? 0 : circuit.openings;
}

function openMs(circuit: Circuit): number {
  return Math.min(FIRST_OPEN_MS * 2 ** openingsOf(circuit), LONGEST_OPEN_MS);
}

function open(circuit: Circuit, forMs: number, now: number): Circuit {
  return { state: 'open', until: now + forMs, openings: openingsOf(circuit) + 1 };
}
