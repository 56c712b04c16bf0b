import { createHash } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import {
  type Accepted,
  type Provider,
  ProviderError,
  type ProviderReason,
  type Refused,
  refuse,
  type SmsMessage,
} from '../contract/provider.ts';
import { admitsAll, advance, bearingOf, type Circuit, closedCircuit, judgeTurn, afterEnding as nextCircuit, type Turn } from './breaker.ts';

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
function isThrottleOfAll(error: ProviderError | undefined): boolean {
  return error?.reason === 'throttled' && !error.onlyThisMessage;
}

/** @param error of a request that has ended; `undefined` when the text was accepted */
export function nextPause(pause: Pause | undefined, error: ProviderError | undefined, now: number): Pause | undefined {
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

/** Reported once each. `recovering`: the provider accepted a trial; most texts are kept away until it is closed. */
export type CircuitChange =
  /** `error`: the last straw. */
  | { readonly state: 'open'; readonly until: Date; readonly error: ProviderError }
  | { readonly state: 'half_open' }
  | { readonly state: 'recovering' }
  | { readonly state: 'closed' };

/** A provider asked to be left alone, for all messages. */
export interface ProviderPause {
  /** When it is tried again. */
  readonly until: Date;
  /** `retryAt` is the vendor's own word, which may be far later. */
  readonly error: ProviderError;
}

interface BreakerDeps {
  readonly clock: Clock;
  /** Bound of one call. */
  readonly timeoutMs: number;
  readonly onChange: (change: CircuitChange) => void;
  /** Receives each pause that begins or is extended. */
  readonly onPause?: ((pause: ProviderPause) => void) | undefined;
  /** Receives what `onChange` and `onPause` throw: a failing observer must not change what a call returned. */
  readonly onObserverError: (error: unknown) => void;
}

/** Urgent texts have the first so much of a slow start, and the rest what is after it: all at once would be a storm, urgent or not. */
const URGENT_PART = 0.25;
/** A message that may try the provider out and is not sent within this time has lost its turn to the next. */
const PROBE_IDLE_MS = 10_000;

/**
 * A provider that is left alone while it fails, or while it has asked for that: then `preflight` says so, and `send`
 * refuses without a request what had passed before.
 *
 * Each process learns for itself. Shared state would cost every text a round trip to Redis, twice, and would close the
 * way of a replica whose own network is well for the sake of one whose network is not. Learning costs each replica a
 * dozen requests, most of which surely sent nothing, and each of them fails over or comes back.
 */
export function withBreaker(provider: Provider, { clock, timeoutMs, onChange, onPause, onObserverError }: BreakerDeps): Provider {
  let circuit = closedCircuit;
  let pause: Pause | undefined;
  /** The one message that goes through on trial. */
  let probe: { readonly id: string; readonly until: number } | undefined;
  /** The reason of the refusal that opened the circuit last. */
  let cause: ProviderReason | undefined;
  /** What was sent before the circuit opened says nothing of what came after it. */
  let timesOpened = 0;

  const observed = (report: () => void): void => {
    try {
      report();
    } catch (error) {
      onObserverError(error);
    }
  };

  /** @param error the refusal that `next` follows from; only a refusal opens a circuit */
  const change = (next: Circuit, error?: ProviderError): void => {
    const before = circuit;
    circuit = next;
    if (isProven(next) && !isProven(before)) observed(() => onChange({ state: 'recovering' }));
    if (next.state === before.state) return;
    const { state } = next;
    if (state === 'closed' || state === 'half_open') observed(() => onChange({ state }));
    if (next.state !== 'open' || error === undefined) return;
    timesOpened += 1;
    cause = error.reason;
    const until = new Date(next.until);
    observed(() => onChange({ state: 'open', until, error }));
  };

  /** Why the message may not go through now; `undefined` when it may, and then the trial is its own if it takes one. */
  const admit = ({ id, urgent }: SmsMessage, probeMs: number): ProviderError | undefined => {
    const now = clock.now().getTime();
    change(advance(circuit, now));
    const ofPause = judgePause(pause, now);
    const ofCircuit = judgeTurn(circuit, () => positionOf(provider.name, id, urgent), now);
    const isTaken = probe !== undefined && probe.id !== id && now < probe.until;
    const refusal = refusalOf('circuit_open', ofCircuit, isTaken, cause) ?? refusalOf('throttled', ofPause, isTaken);
    if (refusal === undefined && (ofPause.kind === 'probe' || ofCircuit.kind === 'probe')) probe = { id, until: now + probeMs };
    return refusal;
  };

  const learn = (answer: Accepted | Refused, openedBefore: number): void => {
    const now = clock.now().getTime();
    const error = answer.kind === 'refused' ? answer.error : undefined;
    const paused = nextPause(pause, error, now);
    if (paused !== undefined && paused !== pause && error !== undefined) {
      observed(() => onPause?.({ until: new Date(paused.until), error }));
    }
    pause = paused;
    if (openedBefore !== timesOpened) return;
    change(advance(circuit, now));
    change(nextCircuit(circuit, bearingOf(answer), now), error);
  };

  const request = async (message: SmsMessage, signal: AbortSignal): Promise<Accepted | Refused> => {
    const openedBefore = timesOpened;
    try {
      const answer = await provider.send(message, signal);
      // A call that we broke off ourselves shows nothing.
      if (!signal.aborted || answer.kind === 'accepted') learn(answer, openedBefore);
      return answer;
    } catch (error) {
      // A bug in the adapter: nobody knows what was sent.
      learn(refuse('unknown_outcome'), openedBefore);
      throw error;
    } finally {
      if (probe?.id === message.id) probe = undefined;
    }
  };

  return {
    ...provider,
    preflight: (message) => provider.preflight?.(message) ?? admit(message, PROBE_IDLE_MS),
    serves(urgent) {
      const now = clock.now().getTime();
      return pause === undefined && admitsAll(advance(circuit, now), urgent ? URGENT_PART : 1, now);
    },
    async send(message, signal) {
      const error = admit(message, timeoutMs + PROBE_IDLE_MS);
      return error === undefined ? request(message, signal) : { kind: 'refused', error };
    },
  };
}

/** A trial has passed since it opened. */
function isProven(circuit: Circuit): boolean {
  return circuit.state === 'slow_start' || (circuit.state === 'half_open' && circuit.passed > 0);
}

function refusalOf(reason: 'circuit_open' | 'throttled', turn: Turn, isTaken: boolean, cause?: ProviderReason): ProviderError | undefined {
  if (turn.kind === 'go' || (turn.kind === 'probe' && !isTaken)) return undefined;
  return new ProviderError(reason, { retryAt: new Date(turn.kind === 'wait' ? turn.until : turn.elseAt), unasked: true, cause });
}

/**
 * The same each time that it is asked, where a throw of dice would let a text through sooner the more often it asks; and
 * another one for another provider.
 */
function positionOf(provider: string, messageId: string, urgent = false): number {
  const even = createHash('sha256').update(`${provider} ${messageId}`).digest().readUInt32BE() / 2 ** 32;
  return urgent ? URGENT_PART * even : URGENT_PART + (1 - URGENT_PART) * even;
}
