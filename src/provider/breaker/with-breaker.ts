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

/** Pause that a throttling provider requested. Times are ms since the epoch. */
export interface Pause {
  readonly until: number;
  /** Consecutive throttled probes. */
  readonly repeats: number;
}

/** Pause for a provider that gives no duration; doubled with each repeat. */
export const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_UNASKED_PAUSE_MS = 60_000;
/** Upper bound. A daily limit may be raised before the day ends: one probe per pause detects it. */
export const LONGEST_PAUSE_MS = 5 * 60_000;

/** After the pause, one message at a time probes the provider until one is not throttled. */
export function judgePause(pause: Pause | undefined, now: number): Turn {
  if (pause === undefined) return { kind: 'go' };
  return now < pause.until ? { kind: 'wait', until: pause.until } : { kind: 'probe', elseAt: now + SHORTEST_PAUSE_MS };
}

/** Whether the throttling concerns all messages; throttling of one number must not pause the others. */
function isThrottleOfAll(error: ProviderError | undefined): boolean {
  return error?.reason === 'throttled' && !error.onlyThisMessage;
}

/** @param error of the finished request; `undefined` when the message was accepted */
export function nextPause(pause: Pause | undefined, error: ProviderError | undefined, now: number): Pause | undefined {
  const isPaused = pause !== undefined && now < pause.until;
  if (!isThrottleOfAll(error)) return isPaused ? pause : undefined;
  // While a pause lasts, only requests finish that were in flight before it.
  const repeats = pause === undefined ? 0 : pause.repeats + (isPaused ? 0 : 1);
  const until = now + pauseMs(error?.retryAt, repeats, now);
  return { until: isPaused ? Math.max(until, pause.until) : until, repeats };
}

function pauseMs(retryAt: Date | undefined, repeats: number, now: number): number {
  if (retryAt === undefined) return Math.min(SHORTEST_PAUSE_MS * 2 ** repeats, LONGEST_UNASKED_PAUSE_MS);
  return Math.min(Math.max(retryAt.getTime() - now, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
}

/**
 * State changes, each reported once. `recovering`: the provider accepted a probe; most messages are held back until the
 * circuit closes.
 */
export type CircuitChange =
  /** `error`: the failure that opened the circuit. */
  | { readonly state: 'open'; readonly until: Date; readonly error: ProviderError }
  | { readonly state: 'half_open' }
  | { readonly state: 'recovering' }
  | { readonly state: 'closed' };

/** The provider asked to pause all messages. */
export interface ProviderPause {
  /** Time of the next probe. */
  readonly until: Date;
  /** `retryAt` is the vendor's value, which may be far later. */
  readonly error: ProviderError;
}

interface BreakerDeps {
  readonly clock: Clock;
  /** Deadline of one call. */
  readonly timeoutMs: number;
  readonly onChange: (change: CircuitChange) => void;
  /** Called for each pause that begins or is extended. */
  readonly onPause?: ((pause: ProviderPause) => void) | undefined;
  /** Receives exceptions of `onChange` and `onPause`: a failing observer must not change the result of a call. */
  readonly onObserverError: (error: unknown) => void;
}

/** Urgent messages use the first part of a slow start, the rest the remainder; released together they would be a burst. */
const URGENT_PART = 0.25;
/** A probe that is not sent within this time loses its turn to the next message. */
const PROBE_IDLE_MS = 10_000;

/**
 * Adds circuit breaker and pauses to a provider: `preflight` reports them, and `send` rejects without a request a
 * message that had passed before.
 *
 * Each process learns by itself. Shared state would cost every message two round trips to Redis, and would block a
 * replica with a healthy network because of one whose network fails. Learning costs each replica a dozen requests, most
 * of which surely sent nothing, and each of them fails over or is retried.
 */
export function withBreaker(provider: Provider, { clock, timeoutMs, onChange, onPause, onObserverError }: BreakerDeps): Provider {
  let circuit = closedCircuit;
  let pause: Pause | undefined;
  /** The message that is the current probe. */
  let probe: { readonly id: string; readonly until: number } | undefined;
  /** Reason of the refusal that opened the circuit last. */
  let cause: ProviderReason | undefined;
  /** Requests that started before the circuit opened do not count afterwards. */
  let timesOpened = 0;

  const observed = (report: () => void): void => {
    try {
      report();
    } catch (error) {
      onObserverError(error);
    }
  };

  /** @param error the refusal that led to `next`; only a refusal opens a circuit */
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

  /** Returns why the message may not pass now; `undefined` when it may, and then the probe is its own if it takes one. */
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
      // A call that we aborted shows nothing about the provider.
      if (!signal.aborted || answer.kind === 'accepted') learn(answer, openedBefore);
      return answer;
    } catch (error) {
      // Bug in the adapter: whether the message was sent is unknown.
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

/** Whether a probe has succeeded since the circuit opened. */
function isProven(circuit: Circuit): boolean {
  return circuit.state === 'slow_start' || (circuit.state === 'half_open' && circuit.passed > 0);
}

function refusalOf(reason: 'circuit_open' | 'throttled', turn: Turn, isTaken: boolean, cause?: ProviderReason): ProviderError | undefined {
  if (turn.kind === 'go' || (turn.kind === 'probe' && !isTaken)) return undefined;
  return new ProviderError(reason, { retryAt: new Date(turn.kind === 'wait' ? turn.until : turn.elseAt), unasked: true, cause });
}

/**
 * Position of a message in the slow start. Deterministic, because a random one would pass sooner the more often it is
 * drawn; different per provider.
 */
function positionOf(provider: string, messageId: string, urgent = false): number {
  const even = createHash('sha256').update(`${provider} ${messageId}`).digest().readUInt32BE() / 2 ** 32;
  return urgent ? URGENT_PART * even : URGENT_PART + (1 - URGENT_PART) * even;
}
