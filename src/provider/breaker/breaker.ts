import type { Accepted, ProviderReason, Refused } from '../contract/provider.ts';

/** Result of a request, reduced to what the breaker counts. */
interface Ending {
  readonly at: number;
  readonly failed: boolean;
}

/**
 * State of a provider's circuit breaker. Closed: all messages pass. Open: none. Half open: single messages probe the
 * provider. Slow start: the provider works again and gets a rising share. `openings`: how often it opened since it was
 * last closed. Times are ms since the epoch.
 */
export type Circuit =
  | { readonly state: 'closed'; readonly endings: readonly Ending[] }
  | { readonly state: 'open'; readonly until: number; readonly openings: number }
  | { readonly state: 'half_open'; readonly passed: number; readonly openings: number }
  | { readonly state: 'slow_start'; readonly startedAt: number; readonly endings: readonly Ending[]; readonly openings: number };

export const closedCircuit: Circuit = { state: 'closed', endings: [] };

/** Results counted, none older than the window: a failing busy provider is detected in a second, a quiet one in a minute. */
const WINDOW = 40;
const WINDOW_MS = 60_000;
/** Minimum number of results before the circuit opens. */
export const MIN_VOLUME = 10;
const FAILURE_SHARE = 0.5;
/** Doubled with each consecutive opening. */
export const FIRST_OPEN_MS = 5_000;
/** Upper bound. An alert's message has minutes, not hours: this is the longest delay until a recovery is noticed. */
export const LONGEST_OPEN_MS = 60_000;
/** Consecutive probes that must succeed. */
export const PROBES = 3;
export const SLOW_START_MS = 20_000;
const FIRST_SHARE = 0.1;

/**
 * How a result counts. `works`: the provider responded, even with a rejection. `shut`: the account is rejected, which
 * the next message cannot change. `nothing`: a throttled request shows that the provider works, but nothing more.
 */
export type Bearing = 'works' | 'fails' | 'shut' | 'nothing';

export function bearingOf(answer: Accepted | Refused): Bearing {
  return answer.kind === 'accepted' ? 'works' : bearingOfRefusal(answer.error);
}

function bearingOfRefusal({ reason, onlyThisMessage, unlisted }: Refused['error']): Bearing {
  const bearing = BEARINGS[reason];
  if (bearing === 'nothing') return bearing;
  if (onlyThisMessage) return 'works';
  // An unlisted code may concern one country only: it must not open the circuit for all by itself.
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

/** Decision for one message. `probe`: it passes as the only probe at a time; otherwise it may come back at `elseAt`. */
export type Turn =
  | { readonly kind: 'go' }
  | { readonly kind: 'probe'; readonly elseAt: number }
  | { readonly kind: 'wait'; readonly until: number };

/** @param position of the message in the slow start, 0 to 1; computed only when a slow start is running or may follow */
export function judgeTurn(circuit: Circuit, position: () => number, now: number): Turn {
  switch (circuit.state) {
    case 'closed':
      return { kind: 'go' };
    case 'open':
      return { kind: 'wait', until: circuit.until };
    // The message's position in the slow start that follows if the probes succeed now: waiting messages must not return
    // all together.
    case 'half_open':
      return { kind: 'probe', elseAt: now + turnAfterMs(position()) };
    // One message at a time may pass early, so that a lone message does not wait for an empty queue.
    case 'slow_start': {
      const elseAt = circuit.startedAt + turnAfterMs(position());
      return now >= elseAt ? { kind: 'go' } : { kind: 'probe', elseAt };
    }
  }
}

/** Whether every message up to this position passes now. */
export function admitsAll(circuit: Circuit, position: number, now: number): boolean {
  const { state } = circuit;
  return state === 'closed' || (state === 'slow_start' && now >= circuit.startedAt + turnAfterMs(position));
}

/** The share of a slow start rises linearly to 1; a message passes when the share reaches its position. */
function turnAfterMs(position: number): number {
  return (Math.max(0, position - FIRST_SHARE) / (1 - FIRST_SHARE)) * SLOW_START_MS;
}

/** Applies transitions that depend on time only. */
export function advance(circuit: Circuit, now: number): Circuit {
  if (circuit.state === 'open' && now >= circuit.until) return { state: 'half_open', passed: 0, openings: circuit.openings };
  if (circuit.state === 'slow_start' && now >= circuit.startedAt + SLOW_START_MS) return { state: 'closed', endings: circuit.endings };
  return circuit;
}

/** Returns the state after a request that was started since the circuit last opened. */
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
  // Only a failing call opens the circuit: a successful one proves that the provider works, whatever preceded it.
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
