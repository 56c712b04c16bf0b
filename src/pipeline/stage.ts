/**
 * Vocabulary of the pipeline. An **alert** is what a producer raises; a **message** is one SMS to one phone. Each
 * passes **stages** in a straight line. Every stage returns a **verdict**; the first one other than `pass` is the
 * **outcome** (`outcome.ts`).
 */

import type { Clock } from '../clock.ts';
import type { HistoryEvent } from '../ledger/history/history.ts';
import { effectOf, type Outcome } from './outcome.ts';

export type StageName =
  | 'parse'
  | 'route'
  | 'severity-gate'
  | 'resolve-gate'
  | 'dedupe-gate'
  | 'identity'
  | 'recipients'
  | 'consent-gate'
  | 'ledger'
  | 'poison-gate'
  | 'provider-gate'
  | 'expiry-gate'
  | 'country-gate'
  | 'opt-out-gate'
  | 'quiet-hours'
  | 'escalation'
  | 'digest'
  | 'rate-cap'
  | 'budget'
  | 'dispatch';

/** `unconcerned`: the stage does not apply. */
export type Verdict = { readonly kind: 'pass'; readonly unconcerned?: true } | Outcome;
export const pass: Verdict = { kind: 'pass' };
/** Passes without an entry in the trace, for a stage that does not apply. */
export const unconcerned: Verdict = { kind: 'pass', unconcerned: true };

export interface StageContext {
  readonly clock: Clock;
  /** Aborts when the process must stop or has lost the job lock. */
  readonly signal: AbortSignal;
  /** Adds an event to the trace. */
  note(event: Omit<HistoryEvent, 'at'>): void;
}

export interface Stage<Subject> {
  readonly name: StageName;
  exec(subject: Subject, ctx: StageContext): Promise<Verdict> | Verdict;
}

/** Runs the stages up to the first verdict other than `pass`; `undefined` when all passed. */
export async function walk<Subject>(stages: readonly Stage<Subject>[], subject: Subject, ctx: StageContext): Promise<Outcome | undefined> {
  for (const stage of stages) {
    const verdict = await stage.exec(subject, ctx);
    if (verdict.kind === 'settled' || verdict.kind === 'requeued') return verdict;
    if (verdict.kind === 'pass' && verdict.unconcerned) continue;
    ctx.note({ stage: stage.name, ...describe(verdict) });
    if (verdict.kind !== 'pass') return verdict;
  }
  return undefined;
}

function describe(verdict: Exclude<Verdict, { kind: 'requeued' }>): Omit<HistoryEvent, 'at' | 'stage'> {
  if (verdict.kind === 'pass' || verdict.kind === 'settled' || verdict.kind === 'accepted') return { verdict: verdict.kind };
  const { reason, until } = effectOf(verdict);
  const cap = 'held' in verdict ? verdict.held?.cap : 'cap' in verdict ? verdict.cap : undefined;
  const heldBy = 'held' in verdict && verdict.held?.reason !== reason ? verdict.held?.reason : undefined;
  const waited = 'last' in verdict && verdict.last !== undefined ? `waited because of ${verdict.last}` : undefined;
  const detail = 'detail' in verdict ? verdict.detail : waited;
  return {
    verdict: verdict.kind,
    reason,
    ...(heldBy === undefined ? {} : { heldBy }),
    ...(until === undefined ? {} : { until: until.toISOString() }),
    ...(cap === undefined ? {} : { cap }),
    ...(detail === undefined ? {} : { detail }),
  };
}
