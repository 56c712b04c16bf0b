import { isInFlight } from '../../ledger/history/history.ts';
import type { History } from '../../ledger/ledger.ts';
import type { OnUnknown } from '../../policy/route.ts';
import type { ProviderError, ProviderName, ProviderReason } from '../../provider/contract/provider.ts';
import type { Outcome } from '../outcome.ts';

/** Maximum number of unknown outcomes before a further attempt: at most one resend. */
export function unknownsAllowed(onUnknown: OnUnknown): number {
  return onUnknown === 'resend' ? 1 : 0;
}

export function mayResend(onUnknown: OnUnknown, unknowns: number): boolean {
  return unknowns <= unknownsAllowed(onUnknown);
}

/** Judges the attempts of earlier runs. `orphan`: an attempt whose lease has expired must be closed as unknown first. */
export function judgeHistory(history: History, onUnknown: OnUnknown, now: Date): Outcome | { kind: 'orphan' } | { kind: 'pass' } {
  if (!isInFlight(history.state)) return { kind: 'settled', state: history.state };
  // Part of a digest: it must not be sent separately.
  if (history.digest !== undefined) return { kind: 'suppressed', reason: 'digested', detail: `part of ${history.digest}` };
  if (history.open !== undefined) {
    if (history.open.leaseLeftMs <= 0) return { kind: 'orphan' };
    return { kind: 'deferred', reason: 'unknown_outcome', until: new Date(now.getTime() + history.open.leaseLeftMs) };
  }
  return mayResend(onUnknown, history.unknowns)
    ? { kind: 'pass' }
    : { kind: 'unknown', provider: history.unresolvedAttempt?.record.provider };
}

export interface ProviderRefusal {
  readonly provider: ProviderName;
  readonly error: ProviderError;
}

/**
 * Whether the next provider may try a refused message. A vendor's "bad number" may be wrong: vendors also return it for
 * a region without SMS and for account faults (https://github.com/aws/aws-sdk-js/issues/1217). So a number that the
 * phone library finds valid gets one more vendor, and is final when that one agrees.
 * @param refusals of this run, this one included
 */
export function mayFailOver({ reason, failover }: ProviderError, refusals: readonly ProviderRefusal[], isValidNumber: boolean): boolean {
  if (failover || reason !== 'recipient') return failover;
  return isValidNumber && refusals.filter(({ error }) => error.reason === 'recipient' && !error.failover).length <= 1;
}

/**
 * Decides after all providers refused. If any refusal is temporary, the message comes back at the earliest time of one
 * of them, never before a vendor's own `retryAt`.
 * @param round how often all providers were tried, this time included; the delay grows with it
 * @param random 0 to 1
 */
export function judgeRefusals(refusals: readonly ProviderRefusal[], round: number, now: Date, random: number): Outcome {
  const passing = refusals.filter(({ error }) => error.retry);
  const last = refusals.at(-1) as ProviderRefusal;
  if (passing.length === 0) return { kind: 'failed', ...last };
  const soonest = passing
    .map((refusal) => ({ ...refusal, until: comeBackAfter(refusal.error, round, now, random) }))
    .reduce((a, b) => (b.until < a.until ? b : a));
  return soonest.error.reason === 'throttled'
    ? { kind: 'deferred', reason: 'throttled', until: soonest.until }
    : { kind: 'retry', ...soonest };
}

/** Returns the providers a message waits for when none of those that may accept it later was called; else empty. */
export function restingOf(refusals: readonly ProviderRefusal[]): ProviderName[] {
  const passing = refusals.filter(({ error }) => error.retry);
  return passing.every(({ error }) => error.unasked && RESTS.includes(error.reason)) ? passing.map(({ provider }) => provider) : [];
}

/** Reasons that the breaker gives in place of a resting provider. */
const RESTS: readonly ProviderReason[] = ['circuit_open', 'throttled'];

/**
 * A vendor's `retryAt` is respected, plus up to 10 % to spread the retries; the delay still grows with each round, for
 * vendors that repeat the same value.
 */
function comeBackAfter({ retryAt }: ProviderError, round: number, now: Date, random: number): Date {
  if (retryAt === undefined) return new Date(now.getTime() + backoffMs(round, random));
  const asked = Math.max(retryAt.getTime() - now.getTime(), 0);
  const patience = round <= 1 ? SHORTEST_WAIT_MS : backoffMs(round - 1, random);
  const spread = Math.min(asked / 10, WIDEST_SPREAD_MS);
  return new Date(now.getTime() + Math.max(Math.round(asked + spread * random), patience));
}

/** Derives the round from the number of all requests and of those in this run. */
export function roundOf(requests: number, thisTime: number): number {
  return thisTime === 0 ? 1 : Math.max(1, Math.round(requests / thisTime));
}

const SHORTEST_WAIT_MS = 1_000;
const WIDEST_SPREAD_MS = 30_000;
const FIRST_BACKOFF_MS = 10_000;
const LONGEST_BACKOFF_MS = 300_000;

/** 10 s, doubled per round up to 5 min, with 25 % jitter so that a recovering vendor is not overloaded. */
export function backoffMs(round: number, random: number): number {
  const doubled = FIRST_BACKOFF_MS * 2 ** Math.min(Math.max(round - 1, 0), 10);
  return Math.round(Math.min(doubled, LONGEST_BACKOFF_MS) * (0.75 + random / 2));
}

/** An unknown outcome takes precedence: a message that may have been sent is never stored as unsent. */
export function unknownWins(outcome: Outcome, unknowns: number, unresolvedProvider: ProviderName | undefined): Outcome {
  const unsent: readonly Outcome['kind'][] = ['suppressed', 'expired', 'cancelled', 'failed', 'stranded'];
  if (unknowns === 0 || !unsent.includes(outcome.kind)) return outcome;
  return { kind: 'unknown', provider: unresolvedProvider, ...(outcome.attempt === undefined ? {} : { attempt: outcome.attempt }) };
}

/**
 * Limits a wait to the deadline: the message is promoted then, to expire. Only an attempt that another run has open is
 * waited for beyond it; until its lease ends the outcome is unknown.
 */
export function boundedBy(outcome: Outcome, expiresAt: number): Outcome {
  if (outcome.kind !== 'deferred' && outcome.kind !== 'retry' && outcome.kind !== 'requeued') return outcome;
  if (outcome.kind === 'deferred' && outcome.reason === 'unknown_outcome') return outcome;
  return outcome.until.getTime() <= expiresAt ? outcome : { ...outcome, until: new Date(expiresAt) };
}
