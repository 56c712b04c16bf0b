import type { ClosedAttempt, History, Ledger, Move, OpenAttempt } from '../../ledger/ledger.ts';
import type { CapRule } from '../../limit/caps/rate-cap.ts';
import type { ProviderName } from '../../provider/contract/provider.ts';
import { type CapConfig, rulesOf } from '../gates/message-caps.ts';
import type { Message } from '../message.ts';
import type { Observer } from '../observer.ts';
import type { WaitReason } from '../outcome.ts';
import { pass, type Stage, type StageContext, type Verdict } from '../stage.ts';
import { reopeningOf } from '../unknown/replay-message.ts';
import { judgeHistory, mayResend } from './judge.ts';
import { acceptedAs, noteReconciled, ONCE, PATIENTLY, type Reconcile, settleAttempt } from './reconcile.ts';
import type { SendTarget } from './send-target.ts';

/** Repeats a write until Redis takes it: what a provider answered must not be lost to an outage. */
export type RetryUntilStored = <T>(write: () => Promise<T>) => Promise<T>;

interface LedgerWriter {
  readonly ledger: Ledger;
  readonly retryUntilStored: RetryUntilStored;
}

export interface LedgerGateDeps extends LedgerWriter {
  readonly observer: Observer;
  readonly targets: ReadonlyMap<ProviderName, SendTarget>;
  readonly reconcile: Reconcile;
}

/** A message on its way through the dispatcher, and what this run has learned of it. */
export interface MessageSubject {
  message: Message;
  /** Names this run in the ledger. */
  readonly run: string;
  /** Another run may have been here before. */
  readonly rerun: boolean;
  /** The caps that it must fit into; empty = none. */
  rules: readonly CapRule[];
  /** Attempts made, by this run and earlier ones. */
  attempts: number;
  /** Attempts of unknown outcome. */
  unknowns: number;
  doubtful: string | undefined;
  /** What it waited for last, as far as an earlier run wrote down. */
  waitedFor: WaitReason | undefined;
  /** The same, as it was before this run. */
  reportedWait: WaitReason | undefined;
  /** This run took a cap slot that no earlier run held. */
  tookSlot: boolean;
  /** When the slot was reserved or renewed, by `performance.now()`. */
  slotAt: number;
}

export function newSubject(message: Message, run: string, rerun: boolean, config: CapConfig): MessageSubject {
  return {
    message,
    run,
    rerun,
    rules: rulesOf(message, config),
    attempts: 0,
    unknowns: 0,
    doubtful: undefined,
    waitedFor: undefined,
    reportedWait: undefined,
    tookSlot: false,
    slotAt: 0,
  };
}

/** A job that runs again asks the ledger first: it never just sends. */
export function createLedgerGate(deps: LedgerGateDeps): Stage<MessageSubject> {
  const { ledger, observer } = deps;
  return {
    name: 'ledger',
    async exec(subject, ctx) {
      const { clock, note } = ctx;
      if (!subject.rerun) return pass;
      const { message } = subject;
      const reopening = reopeningOf(message);
      // Whoever replayed it may have died before it told the ledger.
      if (reopening !== undefined) await ledger.reopen(reopening);
      const [history, over] = await Promise.all([ledger.recall(message.id), ledger.closedBy(message.dedupHash, message.receivedAt)]);
      if (history === undefined) return { kind: 'malformed', detail: 'the ledger has no entry for this message' };
      remember(subject, history);
      const verdict = judgeHistory(history, message.onUnknown, clock.now());
      if (verdict.kind === 'pass' && history.doubtful !== undefined) {
        // The vendor may know by now what it did not when its answer never came.
        const attempt = { token: subject.run, ...history.doubtful };
        const settled = await settleUnresolved(attempt, subject, ONCE, deps, ctx);
        if (settled?.kind === 'pass') {
          subject.unknowns -= 1;
          subject.doubtful = undefined;
        }
        return settled ?? pass;
      }
      // Or it would wait for room that it does not need any more.
      if (verdict.kind === 'pass' && over !== undefined) return { kind: 'cancelled', reason: over };
      if (verdict.kind !== 'orphan') return verdict;

      const attempt = abandon(history.open as OpenAttempt, clock.now());
      const { provider } = attempt.record;
      observer.providerRequest({ provider, result: 'unknown', reason: 'unknown_outcome' });
      const settled = await settleUnresolved(attempt, subject, PATIENTLY, deps, ctx);
      if (settled !== undefined) return settled;
      subject.unknowns += 1;
      subject.doubtful = provider;
      if (!mayResend(message.onUnknown, subject.unknowns)) {
        observer.unknownResolved(provider, 'held');
        return { kind: 'unknown', provider, attempt };
      }
      note({
        stage: 'ledger',
        verdict: 'resend',
        reason: 'unknown_outcome',
        detail: `the worker that was sending through ${provider} is gone`,
      });
      await closeAttempt(deps, subject, attempt);
      observer.unknownResolved(provider, 'resent');
      return pass;
    },
  };
}

/** Asks the vendor about an attempt of an earlier run: `pass` when the text surely was not sent, `undefined` when nobody can say. */
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

/** Whose step it is, as the ledger wants to know. */
export function stepOf({
  message: { id, alertId, dedupHash },
  run,
}: MessageSubject): Pick<Move, 'messageId' | 'alertId' | 'dedupHash' | 'run'> {
  return { messageId: id, alertId, dedupHash, run };
}

/** Writes down how an attempt ended while the message goes on. */
export async function closeAttempt(
  { ledger, retryUntilStored }: LedgerWriter,
  subject: MessageSubject,
  attempt: ClosedAttempt,
): Promise<void> {
  await retryUntilStored(() => ledger.move({ ...stepOf(subject), state: 'sending', attempt, events: [] }));
}

function remember(subject: MessageSubject, history: History): void {
  subject.attempts = history.attempts;
  subject.unknowns = history.unknowns;
  subject.doubtful = history.doubtful?.record.provider;
  subject.waitedFor = history.lastReason as WaitReason | undefined;
  subject.reportedWait = subject.waitedFor;
}

function abandon({ token, number, record }: OpenAttempt, now: Date): ClosedAttempt {
  return { token, number, record: { ...record, endedAt: now.toISOString(), result: 'unknown', reason: 'unknown_outcome' } };
}

/** A text that comes too late is worse than none. */
export const messageExpiryGate: Stage<MessageSubject> = {
  name: 'expiry-gate',
  exec: ({ message, waitedFor }, { clock }) => (clock.now().getTime() >= message.expiresAt ? { kind: 'expired', last: waitedFor } : pass),
};
