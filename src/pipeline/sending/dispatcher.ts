import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { HistoryEvent } from '../../ledger/history/history.ts';
import type { Ledger, Move, Moved } from '../../ledger/ledger.ts';
import type { Parked, ParkedMessage } from '../../ledger/lists/parked.ts';
import { MICRO } from '../../limit/budget/money.ts';
import type { SpendGuard } from '../../limit/budget/spend-guard.ts';
import type { RateCap } from '../../limit/caps/rate-cap.ts';
import type { Accepted, ProviderName, VendorReport } from '../../provider/contract/provider.ts';
import { limitOf, originOf, reportOf } from '../end-report.ts';
import { type CapConfig, contributorOf, isUsedUpByOthers } from '../gates/message-caps.ts';
import type { Message } from '../message.ts';
import type { Observer } from '../observer.ts';
import { type Decided, effectOf, endOf, isUnsent, type Outcome } from '../outcome.ts';
import { type Stage, walk } from '../stage.ts';
import { boundedBy, unknownWins } from './judge.ts';
import { type Begin, type MessageSubject, newSubject, type RetryUntilStored, stepOf } from './message-run.ts';

export interface DispatcherDeps {
  readonly stages: readonly Stage<MessageSubject>[];
  readonly ledger: Ledger;
  readonly cap: RateCap;
  /** Absent: no prices are configured. */
  readonly spendGuard?: SpendGuard | undefined;
  readonly config: CapConfig;
  readonly observer: Observer;
  readonly clock: Clock;
  readonly retryUntilStored: RetryUntilStored;
  /** Registers messages that wait for a resting provider. */
  readonly parked: Pick<Parked, 'park' | 'leave'>;
  /**
   * Called once, after the ledger update, for a message that a provider accepted or may have accepted (then `accepted`
   * is absent), with the vendor's report when it was queried. Must not reject.
   */
  readonly onHandedOver: (message: Message, provider: ProviderName, accepted: Accepted | undefined, said?: VendorReport) => Promise<void>;
}

/**
 * Processes one message.
 * @param begin creates the ledger entry of the message together with its first attempt; absent: the entry exists
 */
export type Dispatch = (message: Message, rerun: boolean, signal: AbortSignal, begin?: Begin) => Promise<Outcome>;

/** Processes one message: runs its stages, stores and counts the outcome. */
export function createMessageDispatcher(deps: DispatcherDeps): Dispatch {
  const { stages, ledger, cap, spendGuard, config, clock, retryUntilStored, parked, onHandedOver } = deps;
  return async (message, rerun, signal, begin) => {
    const events: HistoryEvent[] = [];
    const subject = newSubject(message, randomUUID(), rerun, config, begin);
    const walked = await walk(stages, subject, {
      clock,
      signal,
      note: (event) => void events.push({ at: clock.now().toISOString(), ...event }),
    });
    // No entry was created: whatever the stages decided, the message queue decides again.
    if (subject.begin !== undefined) return { kind: 'requeued', until: clock.now() };
    const verdict = walked ?? { kind: 'malformed', detail: 'no stage returned an outcome' };
    const outcome = boundedBy(unknownWins(verdict, subject.unknowns, subject.unresolvedProvider), message.expiresAt);
    const waiting = waitingOf(message);
    const resting = outcome.kind === 'deferred' || outcome.kind === 'retry' ? outcome.resting : undefined;
    const park = async () => {
      if (resting !== undefined) await parked.park(waiting, resting);
      else if (rerun) await parked.leave(waiting, message.providers);
    };
    if (outcome.kind === 'requeued') {
      await park();
      return outcome;
    }
    if (outcome.kind === 'settled') {
      await park();
      if (subject.tookSlot && isUnsent(outcome.state)) await cap.release(message.id, subject.rules);
      return outcome;
    }
    const move = moveOf(outcome, subject, events, clock.now());
    const settles = effectOf(outcome).slot === 'settle';
    const [answer] = await Promise.all([
      retryUntilStored(() => ledger.move(move, settles ? cap.settleStep(message.id, subject.rules) : undefined)),
      retryUntilStored(park),
      outcome.kind === 'accepted' ? retryUntilStored(() => pay(outcome, message, spendGuard)) : undefined,
    ]);
    const moved = asLastWord(answer, outcome);
    // Released only after the ledger update: another run may have sent the message meanwhile, and its slot then counts.
    const slotIsFree = (surelyUnsent(move, moved) && holdsSlot(subject)) || lacksMoney(outcome, subject);
    if (slotIsFree) await retryUntilStored(() => cap.release(message.id, subject.rules));
    count(outcome, message, moved, deps);
    const held = heldBy(outcome);
    if (held !== undefined && (moved === 'ended' || !rerun))
      deps.observer.contributed({ result: 'held_back', reason: held, ...contributorOf(message) });
    report(outcome, subject, moved, deps.observer, answer === 'missing' ? ENTRY_LOST : undefined);
    if (moved !== 'moved' && outcome.kind === 'accepted')
      await onHandedOver(subject.message, outcome.provider, outcome.accepted, outcome.said);
    if (moved !== 'moved' && outcome.kind === 'unknown' && outcome.provider !== undefined) {
      await onHandedOver(subject.message, outcome.provider, undefined);
    }
    return outcome;
  };
}

const ENTRY_LOST = 'ledger entry lost in Redis: the outcome is only in this log line and the metrics';

/**
 * Without an entry nothing is stored: this run counts and logs the end. A message that never had an entry is malformed,
 * and not our outcome.
 */
function asLastWord(moved: Moved, outcome: Decided): Exclude<Moved, 'missing'> {
  if (moved !== 'missing') return moved;
  return endOf(outcome) === undefined || outcome.kind === 'malformed' ? 'moved' : 'ended';
}

function waitingOf({ id, severity, expiresAt }: Message): ParkedMessage {
  return { id, urgent: severity === 'critical', expiresAt };
}

type Accepting = Extract<Outcome, { kind: 'accepted' }>;

/** Replaces the reserved amount by the actual cost. */
async function pay({ attempt, provider, accepted }: Accepting, { to }: Message, spendGuard: SpendGuard | undefined): Promise<void> {
  if (attempt !== undefined) await spendGuard?.settle(attempt.token, provider, to, accepted);
}

/** Whether it waits for budget, for up to a month, without any attempt: then its slot is released. */
function lacksMoney(outcome: Outcome, { tookSlot, attempts }: MessageSubject): boolean {
  return outcome.kind === 'deferred' && outcome.reason === 'budget' && tookSlot && attempts === 0;
}

/** Whether this run's outcome, as stored in the ledger, is surely unsent. */
function surelyUnsent({ state }: Move, moved: Exclude<Moved, 'missing'>): boolean {
  return moved === 'disproved' || ((moved === 'ended' || moved === 'again') && isUnsent(state));
}

/** Whether it holds a slot from this run or from an earlier one that opened an attempt. */
function holdsSlot({ attempts, slotAt, rules }: MessageSubject): boolean {
  return rules.length > 0 && (attempts > 0 || slotAt > 0);
}

function moveOf(outcome: Decided, subject: MessageSubject, events: readonly HistoryEvent[], now: Date): Move {
  const { state, reason, until, waitsFor } = effectOf(outcome);
  return {
    ...stepOf(subject),
    attempt: outcome.attempt,
    events,
    state,
    reason: reason === 'none' ? undefined : reason,
    lastReason: waitsFor,
    until,
    ...(outcome.kind === 'accepted' ? { accepted: acceptanceOf(outcome, now) } : {}),
    ...(state === 'unknown' ? { keep: JSON.stringify(subject.message) } : {}),
  };
}

function acceptanceOf(
  { provider, accepted: { providerMessageId, partIds, segments } }: Accepting,
  at: Date,
): NonNullable<Move['accepted']> {
  return { provider, providerMessageId, partIds, segments, at };
}

/** Reports every end, also of a replayed message, and every wait to the log, except those that another run has reported. */
function report(outcome: Decided, { message, reportedWait }: MessageSubject, moved: Moved, observer: Observer, remark?: string): void {
  if (moved === 'disproved') {
    const { provider, reason, code } = outcome.attempt?.record ?? {};
    observer.messageEnded({ messageId: message.id, ...originOf(message), state: 'failed', reason, provider, code });
    return;
  }
  if (endOf(outcome) !== undefined && moved === 'moved') return;
  const limit = limitOf(outcome, message);
  if (limit !== undefined) observer.limitReached(limit);
  const reported = reportOf(outcome, message, reportedWait);
  observer.messageEnded(remark === undefined ? reported : { ...reported, detail: remark });
}

function count(outcome: Decided, message: Message, moved: Moved, { observer, clock, spendGuard }: DispatcherDeps): void {
  const now = clock.now();
  const severity = message.digest?.countedAs ?? message.severity;
  if (moved === 'disproved' && outcome.attempt !== undefined)
    observer.unknownResolved(outcome.attempt.record.provider, 'confirmed_not_sent');
  if (moved === 'disproved') return;
  if (outcome.kind === 'deferred') observer.deferred(outcome.reason);
  if (outcome.kind === 'retry') observer.retried(outcome.provider, outcome.error.reason);
  const end = endOf(outcome);
  if (end === undefined || moved === 'moved') return;
  if (moved === 'ended') observer.messageSettled({ ...end, severity });
  if (outcome.kind !== 'accepted') return;
  if (moved === 'late' && outcome.said === undefined) observer.unknownResolved(outcome.provider, 'confirmed_sent');
  observer.contributed({ result: 'accepted', reason: 'none', ...contributorOf(message) });
  observer.accepted({
    provider: outcome.provider,
    severity,
    segments: outcome.accepted.segments,
    seconds: (now.getTime() - message.receivedAt) / 1000,
    at: now,
    ...(spendGuard === undefined ? {} : { cost: spendGuard.costOf(outcome.provider, message.to, outcome.accepted) / MICRO }),
  });
}

/** Returns the limit that other messages have used up. */
function heldBy(outcome: Outcome): string | undefined {
  const reason = outcome.kind === 'suppressed' ? outcome.held?.reason : outcome.kind === 'deferred' ? outcome.reason : undefined;
  return reason !== undefined && isUsedUpByOthers(reason) ? reason : undefined;
}
