/**
 * Words of the pipeline.
 * An **alert** is what a producer raises; a **message** is one text to one phone. Each walks **stages** in a straight
 * line. Every stage gives a **verdict**; the first that is not `pass` is the **outcome**. **Suppressed**: decided not
 * to send. **Deferred**: comes back, no attempt spent. **Accepted**: the provider said yes. **Unknown**: it may have
 * been sent, nobody can say. **Dead**: in the failed set, a person must look.
 */

import type { OurReason, ProviderReason } from '../alert/reason.ts';
import type { Clock } from '../clock.ts';
import type { CapSize, MessageState, TraceEvent } from '../ledger/history/trace.ts';
import type { ClosedAttempt } from '../ledger/ledger.ts';
import { CAP_REASONS } from '../limit/caps/rate-cap.ts';
import type { Accepted, ProviderError, ProviderName } from '../provider/contract/provider.ts';
import type { Said } from '../provider/contract/status.ts';

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

/** What a provider said yes to; the segments are its own count, or else ours by its rule. */
export type Taken = Accepted & { readonly segments: number };

/** `attempt`: the last one made, still to be closed by whoever writes the outcome down; none where nobody was asked. */
export type Outcome = {
  readonly attempt?: ClosedAttempt;
} /** `said`: no answer came, and this is what the vendor said of the text when it was asked. */ & (
  | { readonly kind: 'accepted'; readonly provider: ProviderName; readonly accepted: Taken; readonly said?: Said }
  /** `held`: the limit that held it back, where it is given up or gathered for that. */
  | { readonly kind: 'suppressed'; readonly reason: OurReason; readonly detail?: string; readonly held?: HeldBack }
  /** `last`: what it waited for until then, where it waited. */
  | { readonly kind: 'expired'; readonly last?: WaitReason | undefined }
  /** Over, or taken care of, before it was sent. */
  | { readonly kind: 'cancelled'; readonly reason: 'resolved' | 'acknowledged' }
  /** `resting`: the providers that it waits for, none of which was asked. */
  | {
      readonly kind: 'deferred';
      readonly reason: DeferredReason;
      readonly until: Date;
      readonly cap?: CapSize;
      readonly resting?: readonly ProviderName[];
    }
  /** Surely not sent; may succeed later. */
  | {
      readonly kind: 'retry';
      readonly provider: ProviderName;
      readonly error: ProviderError;
      readonly until: Date;
      readonly resting?: readonly ProviderName[];
    }
  /** May have been sent, and nobody sends it again. */
  | { readonly kind: 'unknown'; readonly provider: ProviderName | undefined }
  | { readonly kind: 'failed'; readonly provider: ProviderName; readonly error: ProviderError }
  /** Another run had ended it: nothing is left to do or to count. */
  | { readonly kind: 'settled'; readonly state: MessageState }
  /** Made for simulated providers where real ones are left alone, or the other way round: surely not sent. */
  | { readonly kind: 'stranded'; readonly detail: string }
  /** Nothing that we could have written: no ledger entry, or not of our schema. */
  | { readonly kind: 'malformed'; readonly detail: string }
);

/**
 * `unknown_outcome`: another worker has the attempt open; the message comes back when that worker's lease ends.
 * `escalation`: its step of the ladder is not due. `digest`: a digest that gathers what is held back.
 */
export const DEFERRED_REASONS = [...CAP_REASONS, 'budget', 'quiet_hours', 'escalation', 'digest', 'throttled', 'unknown_outcome'] as const;
export type DeferredReason = (typeof DEFERRED_REASONS)[number];

/** Why a message waited: for something of ours, or because of what its providers said. */
export type WaitReason = DeferredReason | ProviderReason;

/** Why a message may not be sent before a certain moment; `cap` where a rate cap is full. */
export interface HeldBack {
  readonly reason: OurReason & DeferredReason;
  readonly cap?: CapSize | undefined;
}

/** `unconcerned`: there was nothing to judge. */
export type Verdict = { readonly kind: 'pass'; readonly unconcerned?: true } | Outcome;
export const pass: Verdict = { kind: 'pass' };
/** As `pass`, from a stage that has no say in this: it is not told of in the trace. */
export const unconcerned: Verdict = { kind: 'pass', unconcerned: true };

export interface StageContext {
  readonly clock: Clock;
  /** Aborts when the process must stop or has lost the job. */
  readonly signal: AbortSignal;
  /** Adds a line to the trace. */
  note(event: Omit<TraceEvent, 'at'>): void;
}

export interface Stage<Subject> {
  readonly name: StageName;
  exec(subject: Subject, ctx: StageContext): Promise<Verdict> | Verdict;
}

/** Walks the stages up to the first verdict that is not `pass`; `undefined` when all passed. */
export async function walk<Subject>(stages: readonly Stage<Subject>[], subject: Subject, ctx: StageContext): Promise<Outcome | undefined> {
  for (const stage of stages) {
    const verdict = await stage.exec(subject, ctx);
    if (verdict.kind === 'settled') return verdict;
    if (verdict.kind === 'pass' && verdict.unconcerned) continue;
    ctx.note({ stage: stage.name, ...describe(verdict) });
    if (verdict.kind !== 'pass') return verdict;
  }
  return undefined;
}

function describe(verdict: Verdict): Omit<TraceEvent, 'at' | 'stage'> {
  switch (verdict.kind) {
    case 'suppressed':
      return {
        verdict: verdict.kind,
        reason: verdict.reason,
        ...(verdict.held === undefined || verdict.held.reason === verdict.reason ? {} : { heldBy: verdict.held.reason }),
        ...(verdict.held?.cap === undefined ? {} : { cap: verdict.held.cap }),
        ...(verdict.detail === undefined ? {} : { detail: verdict.detail }),
      };
    case 'deferred':
      return {
        verdict: verdict.kind,
        reason: verdict.reason,
        until: verdict.until.toISOString(),
        ...(verdict.cap === undefined ? {} : { cap: verdict.cap }),
      };
    case 'retry':
      return { verdict: verdict.kind, reason: verdict.error.reason, until: verdict.until.toISOString() };
    case 'failed':
      return { verdict: verdict.kind, reason: verdict.error.reason };
    case 'expired':
      return {
        verdict: verdict.kind,
        reason: 'expired',
        ...(verdict.last === undefined ? {} : { detail: `waited because of ${verdict.last}` }),
      };
    case 'cancelled':
      return { verdict: verdict.kind, reason: verdict.reason };
    case 'unknown':
      return { verdict: verdict.kind, reason: 'unknown_outcome' };
    case 'stranded':
      return { verdict: verdict.kind, reason: 'simulated', detail: verdict.detail };
    case 'malformed':
      return { verdict: verdict.kind, reason: 'malformed', detail: verdict.detail };
    default:
      return { verdict: verdict.kind };
  }
}
