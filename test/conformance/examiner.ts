import { getEventListeners } from 'node:events';
import { inspect } from 'node:util';
import { expect, onTestFinished } from 'vitest';
import type { Accepted, Provider, ProviderError, Refused, SmsMessage } from '../../src/provider/contract/provider.ts';
import { type Candidate, MESSAGE, NOW } from './candidate.ts';

/** Where the deadline is what is examined; elsewhere it must not interfere, however busy the machine of a test run is. */
export const SHORT_MS = 300;
export const LONG_MS = 10_000;
/** The machine of a test run is busy. */
export const SLACK_MS = 700;

type Result = Accepted | Refused;

/** Makes the candidate's adapters, each closed when its test ends, and watches over every send. */
export interface Examiner {
  /** Its deadline is {@link LONG_MS} unless told. */
  create(baseUrl: string, timeoutMs?: number): Promise<Provider>;
  /** One send, timed: nothing secret may be in what comes back, and no listener left on the signal. */
  attempt(provider: Provider, message?: SmsMessage, signal?: AbortSignal): Promise<{ readonly result: Result; readonly elapsedMs: number }>;
  /** The same where a no is expected. */
  refused(
    provider: Provider,
    message?: SmsMessage,
    signal?: AbortSignal,
  ): Promise<{ readonly error: ProviderError; readonly elapsedMs: number }>;
}

export function createExaminer(candidate: Candidate): Examiner {
  const create: Examiner['create'] = async (baseUrl, timeoutMs = LONG_MS) => {
    const provider = await candidate.create({ baseUrl, timeoutMs, clock: { now: () => NOW } });
    onTestFinished(() => provider.close());
    return provider;
  };

  const attempt: Examiner['attempt'] = async (provider, message = MESSAGE, signal = new AbortController().signal) => {
    const startedAt = performance.now();
    const result = await provider.send(message, signal);
    const elapsedMs = performance.now() - startedAt;
    expectClean(result, [...candidate.secrets, message.to, message.to.slice(1)]);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    return { result, elapsedMs };
  };

  const refused: Examiner['refused'] = async (provider, message, signal) => {
    const { result, elapsedMs } = await attempt(provider, message, signal);
    return { error: errorOf(result), elapsedMs };
  };

  return { create, attempt, refused };
}

/** The exam itself must notice an adapter that talks: see exam.test.ts. */
export function expectClean(result: Result, secrets: readonly string[]): void {
  const shown = [inspect(result, { depth: 20, showHidden: true }), JSON.stringify(result)];
  if (result.kind === 'refused')
    shown.push(result.error.message, result.error.stack ?? '', String(result.error), inspect(result.error.cause));
  expect(secrets.filter((secret) => shown.some((text) => text.includes(secret)))).toEqual([]);
}

function errorOf(result: Result): ProviderError {
  expect(result).toMatchObject({ kind: 'refused' });
  return (result as Refused).error;
}

/** Nobody knows whether it was sent: neither another provider nor a later try, unless policy says so. */
export const UNKNOWN = { reason: 'unknown_outcome', failover: false, retry: false };
/** Surely not sent. */
export const NOT_SENT = { reason: 'unavailable', failover: true, retry: true };

/** A kept socket is ready for the next request one turn of the event loop after its answer. */
export const nextTurn = () => new Promise(setImmediate);

export function expectWithin(elapsedMs: number, atLeastMs: number): void {
  // Timers may fire a hair early.
  expect(elapsedMs).toBeGreaterThan(atLeastMs - 5);
  expect(elapsedMs).toBeLessThan(atLeastMs + SLACK_MS);
}
