import type { ClosedAttempt, History, OpenAttempt } from '../../ledger/ledger.ts';
import type { ProviderName } from '../../provider/contract/provider.ts';
import type { Observer } from '../observer.ts';
import type { WaitReason } from '../outcome.ts';
import { judgeHistory, mayResend } from '../sending/judge.ts';
import { closeAttempt, type LedgerWriter, type MessageSubject } from '../sending/message-run.ts';
import { acceptedAs, noteReconciled, ONCE, PATIENTLY, type Reconcile, settleAttempt } from '../sending/reconcile.ts';
import type { SendTarget } from '../sending/send-target.ts';
import { pass, type Stage, type StageContext, type Verdict } from '../stage.ts';
import { reopeningOf } from '../unknown/replay-message.ts';

export interface LedgerGateDeps extends LedgerWriter {
  readonly observer: Observer;
  readonly targets: ReadonlyMap<ProviderName, SendTarget>;
  readonly reconcile: Reconcile;
}

/** A re-run checks the ledger first: it never just sends. */
export function createLedgerGate(deps: LedgerGateDeps): Stage<MessageSubject> {
  const { ledger, observer } = deps;
  return {
    name: 'ledger',
    async exec(subject, ctx) {
      const { clock, note } = ctx;
      if (!subject.rerun) return pass;
      const { message } = subject;
      const reopening = reopeningOf(message);
      // The replaying process may have crashed before updating the ledger; `reopen` is idempotent.
      if (reopening !== undefined) await ledger.reopen(reopening);
      const [history, over] = await Promise.all([ledger.recall(message.id), ledger.closedBy(message.dedupHash, message.receivedAt)]);
      if (history === undefined) return { kind: 'malformed', detail: 'the ledger has no entry for this message' };
      remember(subject, history);
      const verdict = judgeHistory(history, message.onUnknown, clock.now());
      if (verdict.kind === 'pass' && history.unresolvedAttempt !== undefined) {
        // The vendor may know the state by now.
        const attempt = { token: subject.run, ...history.unresolvedAttempt };
        const settled = await settleUnresolved(attempt, subject, ONCE, deps, ctx);
        if (settled?.kind === 'pass') {
          subject.unknowns -= 1;
          subject.unresolvedProvider = undefined;
        }
        return settled ?? pass;
      }
      // Otherwise it would wait for capacity that it no longer needs.
      if (verdict.kind === 'pass' && over !== undefined) return { kind: 'cancelled', reason: over };
      if (verdict.kind !== 'orphan') return verdict;

      const attempt = abandon(history.open as OpenAttempt, clock.now());
      const { provider } = attempt.record;
      observer.providerRequest({ provider, result: 'unknown', reason: 'unknown_outcome' });
      const settled = await settleUnresolved(attempt, subject, PATIENTLY, deps, ctx);
      if (settled !== undefined) return settled;
      subject.unknowns += 1;
      subject.unresolvedProvider = provider;
      if (!mayResend(message.onUnknown, subject.unknowns)) {
        observer.unknownResolved(provider, 'held');
        return { kind: 'unknown', provider, attempt };
      }
      note({
        stage: 'ledger',
        verdict: 'resend',
        reason: 'unknown_outcome',
        detail: `the worker that was sending through ${provider} crashed`,
      });
      await closeAttempt(deps, subject, attempt);
      observer.unknownResolved(provider, 'resent');
      return pass;
    },
  };
}

/**
 * Queries the vendor about an attempt of an earlier run: `pass` when it surely was not sent, `undefined` when that
 * stays unknown.
 */
async function settleUnresolved(
  attempt: ClosedAttempt,
  subject: MessageSubject,
  pausesMs: readonly number[],
  deps: LedgerGateDeps,
  { signal, note }: StageContext,
): Promise<Verdict | undefined> {
  const { message } = subject;
  const { provider } = attempt.record;
  const reconciled = await deps.reconcile(message, attempt.record, signal, pausesMs);
  noteReconciled(reconciled, provider, note);
  if (reconciled.kind === 'unclear') return undefined;
  deps.observer.unknownResolved(provider, reconciled.kind);
  if (reconciled.kind === 'confirmed_sent') return acceptedAs(reconciled.said, attempt, message, deps.targets.get(provider) as SendTarget);
  await closeAttempt(deps, subject, settleAttempt(attempt, reconciled.kind));
  return pass;
}

function remember(subject: MessageSubject, history: History): void {
  subject.attempts = history.attempts;
  subject.unknowns = history.unknowns;
  subject.unresolvedProvider = history.unresolvedAttempt?.record.provider;
  subject.waitedFor = history.lastReason as WaitReason | undefined;
  subject.reportedWait = subject.waitedFor;
}

function abandon({ token, number, record }: OpenAttempt, now: Date): ClosedAttempt {
  return { token, number, record: { ...record, endedAt: now.toISOString(), result: 'unknown', reason: 'unknown_outcome' } };
}
