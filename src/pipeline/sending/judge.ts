import { isInFlight } from '../../ledger/history/trace.ts';
import type { History } from '../../ledger/ledger.ts';
import type { OnUnknown } from '../../policy/route.ts';
import type { ProviderError, ProviderName, ProviderReason } from '../../provider/contract/provider.ts';
import type { Outcome } from '../outcome.ts';

/** How many attempts of unknown outcome may stand before a further attempt: a resend happens at most once. */
export function unknownsAllowed(onUnknown: OnUnknown): number {
  return onUnknown === 'resend' ? 1 : 0;
}

export function mayResend(onUnknown: OnUnknown, unknowns: number): boolean {
  return unknowns <= unknownsAllowed(onUnknown);
}

/** What an earlier run left behind. `orphan`: its attempt is nobody's any more and must be closed as unknown first. */
export function judgeHistory(history: History, onUnknown: OnUnknown, now: Date): Outcome | { kind: 'orphan' } | { kind: 'pass' } {
  if (!isInFlight(history.state)) return { kind: 'settled', state: history.state };
  // Told of with others: it must not go out by itself as well.
  if (history.digest !== undefined) return { kind: 'suppressed', reason: 'digested', detail: `told of in ${history.digest}` };
  if (history.open !== undefined) {
    if (history.open.leaseLeftMs <= 0) return { kind: 'orphan' };
    return { kind: 'deferred', reason: 'unknown_outcome', until: new Date(now.getTime() + history.open.leaseLeftMs) };
  }
  return mayResend(onUnknown, history.unknowns) ? { kind: 'pass' } : { kind: 'unknown', provider: history.doubtful?.record.provider };
}

export interface ProviderRefusal {
  readonly provider: ProviderName;
  readonly error: ProviderError;
}

/**
 * Whether the next target may try a message that one refused. A vendor's "bad number" is its own view: vendors say it for a
 * region without SMS and for faults of the account too (https://github.com/aws/aws-sdk-js/issues/1217). So a number that the
 * phone library finds valid gets one more vendor, and is final when that one says the same.
 * @param refusals of this run, this one included
 */
export function mayFailOver({ reason, failover }: ProviderError, refusals: readonly ProviderRefusal[], isValidNumber: boolean): boolean {
  if (failover || reason !== 'recipient') return failover;
  return isValidNumber && refusals.filter(({ error }) => error.reason === 'recipient' && !error.failover).length <= 1;
}

/**
 * What becomes of a message that every target refused. Any refusal that may pass later brings it back at the first
 * moment that one of them gives, never before a vendor's own `retryAt`.
 * @param round how often all targets have been tried, this time included; the waiting time grows with it
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

/** The providers for which a message waits, where not one of those that may take it later was asked; else none. */
export function restingOf(refusals: readonly ProviderRefusal[]): ProviderName[] {
  const passing = refusals.filter(({ error }) => error.retry);
  return passing.every(({ error }) => error.unasked && RESTS.includes(error.reason)) ? passing.map(({ provider }) => provider) : [];
}

/** What a breaker says in the place of a provider that it leaves alone. */
const RESTS: readonly ProviderReason[] = ['circuit_open', 'throttled'];

/**
 * A vendor that says when is taken at its word, plus up to a tenth so that not all come back at once; each further
 * round costs more patience all the same, for vendors that keep saying the same.
 */
function comeBackAfter({ retryAt }: ProviderError, round: number, now: Date, random: number): Date {
  if (retryAt === undefined) return new Date(now.getTime() + backoffMs(round, random));
  const asked = Math.max(retryAt.getTime() - now.getTime(), 0);
  const patience = round <= 1 ? SHORTEST_WAIT_MS : backoffMs(round - 1, random);
  const spread = Math.min(asked / 10, WIDEST_SPREAD_MS);
  return new Date(now.getTime() + Math.max(Math.round(asked + spread * random), patience));
}

/** How often all targets have been tried, when this time took so many of all the requests. */
export function roundOf(requests: number, thisTime: number): number {
  return thisTime === 0 ? 1 : Math.max(1, Math.round(requests / thisTime));
}

const SHORTEST_WAIT_MS = 1_000;
const WIDEST_SPREAD_MS = 30_000;
const FIRST_BACKOFF_MS = 10_000;
const LONGEST_BACKOFF_MS = 300_000;

/** 10 s, doubled with every round up to 5 min, give or take a quarter so that a recovering vendor is not stormed. */
export function backoffMs(round: number, random: number): number {
  const doubled = FIRST_BACKOFF_MS * 2 ** Math.min(Math.max(round - 1, 0), 10);
  return Math.round(Math.min(doubled, LONGEST_BACKOFF_MS) * (0.75 + random / 2));
}

/** A message that may have been sent is never called surely unsent. */
export function unknownWins(outcome: Outcome, unknowns: number, doubtful: ProviderName | undefined): Outcome {
  const unsent: readonly Outcome['kind'][] = ['suppressed', 'expired', 'cancelled', 'failed', 'stranded'];
  if (unknowns === 0 || !unsent.includes(outcome.kind)) return outcome;
  return { kind: 'unknown', provider: doubtful, ...(outcome.attempt === undefined ? {} : { attempt: outcome.attempt }) };
}

/**
 * Nothing waits past its deadline: it wakes then, to be told that it is too late. Only an attempt that another run has
 * open is waited for all the same; until its lease ends nobody can say what became of the message.
 */
export function boundedBy(outcome: Outcome, expiresAt: number): Outcome {
  if (outcome.kind !== 'deferred' && outcome.kind !== 'retry' && outcome.kind !== 'requeued') return outcome;
  if (outcome.kind === 'deferred' && outcome.reason === 'unknown_outcome') return outcome;
  return outcome.until.getTime() <= expiresAt ? outcome : { ...outcome, until: new Date(expiresAt) };
}
