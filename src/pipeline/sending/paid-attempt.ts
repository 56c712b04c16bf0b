import { randomUUID } from 'node:crypto';
import { countSegments } from '../../alert/segments.ts';
import type { BudgetHold } from '../../limit/budget/budget.ts';
import type { SpendGuard } from '../../limit/budget/spend-guard.ts';
import type { Overflow } from '../../policy/route.ts';
import type { SmsMessage } from '../../provider/contract/provider.ts';
import type { Outcome } from '../outcome.ts';
import type { StageContext } from '../stage.ts';
import { type AttemptDeps, type Attempted, attemptOnce } from './attempt.ts';
import type { MessageSubject, RetryUntilStored } from './message-stages.ts';
import type { SendTarget } from './send-target.ts';
import { ruleOf } from './shape-message.ts';

export interface PaidAttemptDeps extends AttemptDeps {
  /** Absent: texts have no price. */
  readonly spendGuard?: SpendGuard | undefined;
  /** Repeats a write until Redis takes it. */
  readonly retryUntilStored: RetryUntilStored;
}

/** There is no money for it in some period; nobody was asked. */
export type OverBudget = Extract<BudgetHold, { kind: 'full' }>;

/**
 * One attempt whose price is set aside before it is opened. Refused, it gives the money back; accepted, whoever writes that
 * down settles it; of unknown outcome, it stays set aside, and so it does when the process dies.
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
    // The attempt could not be opened. Where Redis does not take this either, the money stays set aside.
    await spendGuard.release(token).catch(() => undefined);
    throw error;
  }
}

/**
 * What becomes of a message when there is no money for some of its targets and the others, if any, refused it. It comes
 * back at the first moment at which any of them may take it; a route that drops what is held back waits for no money.
 * @param refused what the refusals alone would make of it; absent when nobody refused
 */
export function judgeOverBudget(full: readonly OverBudget[], refused: Outcome | undefined, overflow: Overflow): Outcome {
  const soonest = full.reduce((a, b) => (b.until < a.until ? b : a));
  if (overflow === 'drop') {
    return (
      refused ?? {
        kind: 'suppressed',
        reason: 'budget',
        held: { reason: 'budget' },
        detail: `money again at ${soonest.until.toISOString()}`,
      }
    );
  }
  const comesBack = refused?.kind === 'retry' || refused?.kind === 'deferred';
  return comesBack && refused.until <= soonest.until ? refused : { kind: 'deferred', reason: 'budget', until: soonest.until };
}
