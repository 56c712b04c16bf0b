import { randomUUID } from 'node:crypto';
import { countSegments } from '../../alert/segments.ts';
import type { BudgetHold } from '../../limit/budget/budget.ts';
import type { SpendGuard } from '../../limit/budget/spend-guard.ts';
import type { Overflow } from '../../policy/route.ts';
import type { SmsMessage } from '../../provider/contract/provider.ts';
import type { Outcome } from '../outcome.ts';
import type { StageContext } from '../stage.ts';
import { type AttemptDeps, type Attempted, attemptOnce } from './attempt.ts';
import type { MessageSubject, RetryUntilStored } from './message-run.ts';
import type { SendTarget } from './send-target.ts';
import { ruleOf } from './shape-message.ts';

export interface PaidAttemptDeps extends AttemptDeps {
  /** Absent: no prices are configured. */
  readonly spendGuard?: SpendGuard | undefined;
  /** Retries a write until Redis accepts it. */
  readonly retryUntilStored: RetryUntilStored;
}

/** Some budget period is used up; no request was made. */
export type OverBudget = Extract<BudgetHold, { kind: 'full' }>;

/**
 * Makes one attempt whose price is reserved before it is opened. A refusal releases the reservation; an acceptance is
 * settled by the caller; with an unknown outcome or after a crash it stays reserved.
 */
export async function attemptWithinBudget(
  target: SendTarget,
  sms: SmsMessage,
  subject: MessageSubject,
  deps: PaidAttemptDeps,
  ctx: StageContext,
): Promise<Attempted | OverBudget> {
  const { spendGuard, retryUntilStored } = deps;
  if (spendGuard === undefined) return attemptOnce(target, sms, subject, deps, ctx);
  const { provider } = target;
  const token = randomUUID();
  const segments = countSegments(sms.text, ruleOf(provider, sms.to));
  const critical = subject.message.severity === 'critical';
  const hold = await spendGuard.reserve(token, { provider: provider.name, to: sms.to, segments, critical });
  if (hold.kind === 'full') return hold;
  try {
    const tried = await attemptOnce(target, sms, subject, deps, ctx, token);
    if (tried.kind === 'refused' || tried.kind === 'stopped') await retryUntilStored(() => spendGuard.release(token));
    return tried;
  } catch (error) {
    // The attempt could not be opened. If Redis rejects this as well, the amount stays reserved.
    await spendGuard.release(token).catch(() => undefined);
    throw error;
  }
}

/**
 * Decides when the budget is used up for some providers and the others, if any, refused. The message comes back at the
 * earliest time at which any of them may accept it; a route with `overflow: drop` does not wait for budget.
 * @param refused outcome of the refusals alone; absent without refusals
 */
export function judgeOverBudget(full: readonly OverBudget[], refused: Outcome | undefined, overflow: Overflow): Outcome {
  const soonest = full.reduce((a, b) => (b.until < a.until ? b : a));
  if (overflow === 'drop') {
    return (
      refused ?? {
        kind: 'suppressed',
        reason: 'budget',
        held: { reason: 'budget' },
        detail: `budget again at ${soonest.until.toISOString()}`,
      }
    );
  }
  const comesBack = refused?.kind === 'retry' || refused?.kind === 'deferred';
  return comesBack && refused.until <= soonest.until ? refused : { kind: 'deferred', reason: 'budget', until: soonest.until };
}
