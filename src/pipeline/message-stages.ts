import type { Config } from '../config/config.ts';
import type { ClosedAttempt, History, Ledger, Move, OpenAttempt } from '../ledger/ledger.ts';
import { capRulesFor } from '../limit/cap-rules.ts';
import { type Critical, type KeptSlot, keepSlot, openSlot } from '../limit/kept-slot.ts';
import type { CapRule, RateCap, Reservation } from '../limit/rate-cap.ts';
import type { ProviderName } from '../provider/provider.ts';
import type { Carrier } from './carrier.ts';
import { DIGEST_SEGMENTS } from './compose-digest.ts';
import { createHoldBack, type HoldBack } from './hold-back.ts';
import { judgeHistory, mayResend } from './judge.ts';
import type { Message } from './message.ts';
import type { Observer } from './observer.ts';
import { acceptedAs, noteReconciled, ONCE, PATIENTLY, type Reconcile, settleAttempt } from './reconcile.ts';
import { reopeningOf } from './replay-message.ts';
import { pass, type Stage, type StageContext, type Verdict } from './stage.ts';

/** Repeats a write until Redis takes it: what a provider answered must not be lost to an outage. */
export type Persist = <T>(write: () => Promise<T>) => Promise<T>;

interface Books {
  readonly ledger: Ledger;
  readonly persist: Persist;
}

export interface LedgerGateDeps extends Books {
  readonly observer: Observer;
  readonly carriers: ReadonlyMap<ProviderName, Carrier>;
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
      const [history, over] = await Promise.all([ledger.recall(message.id), ledger.isOver(message.dedupHash, message.receivedAt)]);
      if (history === undefined) return { kind: 'malformed', detail: 'the ledger has no entry for this message' };
      remember(subject, history);
      const verdict = judgeHistory(history, message.onUnknown, clock.now());
      if (verdict.kind === 'pass' && history.doubtful !== undefined) {
        // The vendor may know by now what it did not when its answer never came.
        const attempt = { token: subject.run, ...history.doubtful };
        const settled = await settleDoubt(attempt, subject, ONCE, deps, ctx);
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
      const settled = await settleDoubt(attempt, subject, PATIENTLY, deps, ctx);
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
async function settleDoubt(
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
  if (reconciled.kind === 'confirmed_sent') return acceptedAs(reconciled.said, attempt, message, deps.carriers.get(provider) as Carrier);
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
export async function closeAttempt({ ledger, persist }: Books, subject: MessageSubject, attempt: ClosedAttempt): Promise<void> {
  await persist(() => ledger.move({ ...stepOf(subject), state: 'sending', attempt, events: [] }));
}

function remember(subject: MessageSubject, history: History): void {
  subject.attempts = history.attempts;
  subject.unknowns = history.unknowns;
  subject.doubtful = history.doubtful?.record.provider;
}

function abandon({ token, number, record }: OpenAttempt, now: Date): ClosedAttempt {
  return { token, number, record: { ...record, endedAt: now.toISOString(), result: 'unknown', reason: 'unknown_outcome' } };
}

/** A text that comes too late is worse than none. */
export const messageExpiryGate: Stage<MessageSubject> = {
  name: 'expiry-gate',
  exec: ({ message }, { clock }) => (clock.now().getTime() >= message.expiresAt ? { kind: 'expired' } : pass),
};

/** The parts of a config that say how much is allowed. */
export type CapConfig = Pick<Config, 'caps' | 'routes'>;

/** The rules that a message must fit into; the same ones each time, so that its slot is found again. */
export function rulesOf(message: Message, { caps, routes }: CapConfig, leavesSlot = leavesKeptSlot(message)): CapRule[] {
  const rules = capRulesFor({ caps, routeCaps: routes.find(({ name }) => name === message.route)?.caps }, message);
  return leavesSlot ? keepSlot(rules, caps.weight === 'segments' ? DIGEST_SEGMENTS : 1) : rules;
}

/** What is over is told of in a digest, and that must find room. */
function leavesKeptSlot({ overflow, digest }: Message): boolean {
  return overflow === 'digest' && digest === undefined;
}

/** A reservation counts from when it was made; one that had to wait for its turn since is made anew before it is used. */
const SLOT_FRESH_MS = 20_000;

export async function renewSlot(subject: MessageSubject, cap: RateCap): Promise<void> {
  if (subject.rules.length === 0 || performance.now() - subject.slotAt < SLOT_FRESH_MS) return;
  await cap.reserve(subject.message.id, subject.rules, { mayHold: true });
  subject.slotAt = performance.now();
}

type Full = Extract<Reservation, { kind: 'full' }>;

/**
 * When a message that a full cap holds back should ask again. A slot whose text is still on its way counts for longer
 * than a window; once that text has gone out there is room a window from now at the latest.
 */
export function comeBackAt({ key, retryAt }: Full, rules: readonly CapRule[], now: Date): Date {
  const windowMs = rules.find((rule) => rule.key === key)?.windowMs ?? Number.POSITIVE_INFINITY;
  return new Date(Math.min(retryAt.getTime(), now.getTime() + windowMs + 1));
}

export interface RateCapGateDeps {
  /** What becomes of a message that finds no room; absent: it waits for itself, or is dropped. */
  readonly holdBack?: HoldBack;
  /** Absent: no slot is kept for anybody. */
  readonly kept?: KeptSlot;
}

export function createRateCapGate(cap: RateCap, { holdBack = createHoldBack({}), kept }: RateCapGateDeps = {}): Stage<MessageSubject> {
  const take = async (subject: MessageSubject, rules: readonly CapRule[], fresh: boolean, now: Date): Promise<Full | undefined> => {
    const reservation = await cap.reserve(subject.message.id, rules, { mayHold: !fresh });
    if (reservation.kind === 'full') return reservation;
    subject.tookSlot = reservation.fresh;
    subject.slotAt = performance.now();
    if (mayBeNew(subject.message)) await kept?.tell(criticalOf(subject), now);
    return undefined;
  };
  return {
    name: 'rate-cap',
    async exec(subject, ctx) {
      const { message, rerun, rules, unknowns } = subject;
      if (rules.length === 0) return pass;
      const now = ctx.clock.now();
      const full = await take(subject, rules, !rerun, now);
      if (full === undefined) return pass;
      const { reason } = full;
      const until = comeBackAt(full, rules, now);
      // It may have gone out: then it must not be told of as well.
      if (unknowns > 0) return { kind: 'deferred', reason, until };
      const claim = mayBeNew(message) ? await kept?.claim(criticalOf(subject), now, until) : undefined;
      if (claim === undefined || claim === 'closed') return holdBack(message, reason, until, ctx);
      if (claim === 'waits') return { kind: 'deferred', reason, until };
      const stillFull = await take(subject, openSlot(rules), !rerun, now);
      return stillFull === undefined ? pass : { kind: 'deferred', reason: stillFull.reason, until: comeBackAt(stillFull, rules, now) };
    },
  };
}

/** Only these may use the slot that is kept. */
function mayBeNew(message: Message): boolean {
  return message.severity === 'critical' && leavesKeptSlot(message);
}

const HOUR_MS = 3_600_000;

function criticalOf({ message: { id, phoneHash, dedupHash }, rules }: MessageSubject): Critical {
  const windows = rules.filter(({ reason }) => reason === 'rate_cap_recipient').map(({ windowMs }) => windowMs);
  return { messageId: id, phoneHash, dedupHash, windowMs: windows.length === 0 ? HOUR_MS : Math.max(...windows) };
}
