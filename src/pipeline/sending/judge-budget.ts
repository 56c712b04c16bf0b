import type { Overflow } from '../../policy/route.ts';
import type { Outcome } from '../outcome.ts';
import type { OverBudget } from './paid-attempt.ts';

/**
 * What becomes of a message when there is no money for some of its carriers and the others, if any, refused it. It comes
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
