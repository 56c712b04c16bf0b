import pRetry from 'p-retry';
import { isValidPhone } from '../../alert/phone/phone.ts';
import type { ClosedAttempt } from '../../ledger/ledger.ts';
import type { OptOuts } from '../../ledger/opt-out/opt-outs.ts';
import type { RateCap } from '../../limit/caps/rate-cap.ts';
import { type ProviderError, type ProviderReason, refuse, type SmsMessage } from '../../provider/contract/provider.ts';
import type { HoldBack } from '../gates/hold-back.ts';
import { learnOptOut } from '../gates/opt-out-gate.ts';
import { renewSlot } from '../gates/rate-cap-gate.ts';
import type { Message } from '../message.ts';
import type { Outcome } from '../outcome.ts';
import type { Stage, StageContext, Verdict } from '../stage.ts';
import type { Attempted } from './attempt.ts';
import { judgeRefusals, mayFailOver, mayResend, type ProviderRefusal, restingOf, roundOf } from './judge.ts';
import { closeAttempt, type MessageSubject } from './message-run.ts';
import { attemptWithinBudget, judgeOverBudget, type OverBudget, type PaidAttemptDeps } from './paid-attempt.ts';
import type { Place, Places, ReturnSchedule } from './places.ts';
import { acceptedAs, NEVER_TAKEN, noteReconciled, PATIENTLY, type Reconcile, settleAttempt } from './reconcile.ts';
import { orderTargets, type SendTarget } from './send-target.ts';
import { judgeFit, shapeMessage } from './shape-message.ts';

export interface DispatchDeps extends PaidAttemptDeps {
  readonly targets: ReadonlyMap<string, SendTarget>;
  readonly cap: RateCap;
  readonly reconcile: Reconcile;
  readonly optOuts: Pick<OptOuts, 'optOut'>;
  /** Random number from 0 to 1. */
  readonly random: () => number;
  /** Decides about a message without budget; one that may have been sent waits. */
  readonly holdBack: HoldBack;
  /** Turns of the messages that wait for a resting provider. */
  readonly returns: ReturnSchedule;
  readonly places: Places;
}

/** Tries provider by provider: a few retries in place where surely nothing was sent, then the next one. */
export function createDispatchStage(deps: DispatchDeps): Stage<MessageSubject> {
  return {
    name: 'dispatch',
    async exec(subject, ctx) {
      const place = deps.places.open(subject.message.severity);
      try {
        return await dispatch(subject, place, deps, ctx);
      } finally {
        place.leave();
      }
    },
  };
}

async function dispatch(subject: MessageSubject, place: Place, deps: DispatchDeps, ctx: StageContext): Promise<Verdict> {
  const { targets, observer, places, random, reconcile } = deps;
  const { message } = subject;
  const waiting = orderTargets(message.providers, targets, message.to, subject.unresolvedProvider);
  if (waiting.length === 0)
    return { kind: 'suppressed', reason: 'country_not_allowed', detail: 'no provider of the route may text this country' };

  const before = subject.attempts;
  const refusals: ProviderRefusal[] = [];
  const overBudget: OverBudget[] = [];
  let refused: ProviderRefusal | undefined;
  let open: ClosedAttempt | undefined;
  for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
    const { name } = target.provider;
    if (open !== undefined) await closeAttempt(deps, subject, open);
    open = undefined;
    if (refused !== undefined) announce(refused, name, observer, ctx);

    const { sms, unfit } = prepare(target, message, deps);
    // A message without a ledger entry has one try, at its first provider.
    if (unfit !== undefined && subject.begin !== undefined) return { kind: 'requeued', until: ctx.clock.now() };
    if (unfit !== undefined) {
      ctx.note({ stage: 'dispatch', verdict: 'skipped', reason: unfit.reason, detail: describeUnfit(name, unfit) });
      refused = { provider: name, error: unfit };
      refusals.push(refused);
      if (!mayFailOver(unfit, refusals, isValidPhone(message.to))) return { kind: 'failed', ...refused };
      subject.waitedFor = unfit.rootReason;
      continue;
    }

    if (!(await place.moveTo(name))) {
      const until = places.turnAt(name, message.severity, ctx.clock.now());
      // The provider order is kept: a busy provider is no reason to fail over.
      if (subject.attempts === before) return { kind: 'requeued', until };
      ctx.note({ stage: 'dispatch', verdict: 'skipped', reason: 'throttled', detail: `${name} has no free place` });
      refusals.push({ provider: name, error: refuse('throttled', { code: 'no_place', retryAt: until }).error });
      subject.waitedFor = 'throttled';
      break;
    }
    const tried = await tryInPlace(target, sms, subject, deps, ctx);
    if (tried.kind === 'stopped') return tried.outcome;
    if (tried.kind === 'full') {
      ctx.note({ stage: 'dispatch', verdict: 'skipped', reason: 'budget', detail: describeFull(name, tried) });
      overBudget.push(tried);
      subject.waitedFor = 'budget';
      refused = undefined;
      continue;
    }
    const { attempt } = tried;
    if (tried.kind === 'accepted') return { kind: 'accepted', provider: name, accepted: tried.accepted, attempt };
    open = attempt;
    if (tried.kind === 'unknown') {
      refused = undefined;
      const reconciled = await reconcile(message, attempt.record, ctx.signal, PATIENTLY);
      noteReconciled(reconciled, name, ctx.note);
      if (reconciled.kind !== 'unclear') observer.unknownResolved(name, reconciled.kind);
      if (reconciled.kind === 'confirmed_sent') return acceptedAs(reconciled.said, attempt, message, target);
      if (reconciled.kind === 'confirmed_not_sent') {
        open = settleAttempt(attempt, reconciled.kind);
        await deps.retryUntilStored(async () => deps.spendGuard?.release(attempt.token));
        refused = { provider: name, error: NEVER_TAKEN };
        refusals.push(refused);
        continue;
      }
      subject.unknowns += 1;
      subject.unresolvedProvider = name;
      if (!mayResend(message.onUnknown, subject.unknowns)) {
        observer.unknownResolved(name, 'held');
        return { kind: 'unknown', provider: name, attempt };
      }
      observer.unknownResolved(name, 'resent');
      ctx.note({ stage: 'dispatch', verdict: 'resend', reason: 'unknown_outcome', detail: `whether ${name} sent it is unknown` });
      if (waiting.every((next) => prepare(next, message, deps).unfit !== undefined)) waiting.push(target);
      continue;
    }
    refused = { provider: name, error: tried.error };
    refusals.push(refused);
    subject.waitedFor = tried.error.rootReason;
    if (tried.error.reason === 'opted_out') await deps.retryUntilStored(() => learnOptOut(message, attempt, deps.optOuts, ctx));
    if (!mayFailOver(tried.error, refusals, isValidPhone(message.to))) return { kind: 'failed', ...refused, attempt };
  }
  const round = roundOf(subject.attempts, subject.attempts - before);
  const judged =
    refusals.length === 0
      ? undefined
      : takeTurn(judgeRefusals(refusals, round, ctx.clock.now(), random() * spreadOf(message)), refusals, message, deps);
  const verdict = judged === undefined || overBudget.length > 0 ? judgeOverBudget(overBudget, judged, message.overflow) : judged;
  if (verdict.kind !== 'deferred' || verdict.reason !== 'budget' || subject.unknowns > 0)
    return { ...verdict, ...(open === undefined ? {} : { attempt: open }) };
  // A message with an open attempt cannot be added to a digest.
  if (open !== undefined) await closeAttempt(deps, subject, open);
  return deps.holdBack(message, { reason: 'budget' }, verdict.until, ctx);
}

/** A message that only resting providers could send is parked, and comes back in its turn. */
function takeTurn(judged: Outcome, refusals: readonly ProviderRefusal[], { severity }: Message, { returns }: DispatchDeps): Outcome {
  if (judged.kind !== 'deferred' && judged.kind !== 'retry') return judged;
  const resting = restingOf(refusals);
  const [first] = resting;
  if (first === undefined) return judged;
  return { ...judged, resting, until: returns.turnAt(first, severity === 'critical', judged.until) };
}

/** Criticals return within the first part of the time over which the rest is spread. */
function spreadOf({ severity }: Message): number {
  return severity === 'critical' ? 0.25 : 1;
}

/** Shapes the message for a provider, and returns why it would surely be rejected, so that no request is made. */
function prepare(
  { provider }: SendTarget,
  message: Message,
  { onBug }: DispatchDeps,
): { sms: SmsMessage; unfit?: ProviderError | undefined } {
  const sms = shapeMessage(message, provider);
  try {
    return { sms, unfit: judgeFit(sms, provider) };
  } catch (error) {
    onBug(error, provider.name);
    return { sms };
  }
}

/** Formats for example `twilio-main costs more than is left of the hour's budget, until …`. */
function describeFull(provider: string, { period, until }: OverBudget): string {
  return `${provider} costs more than is left of the ${period}'s budget, until ${until.toISOString()}`;
}

/** Formats for example `tencent-cn would reject it: variable too long`. */
function describeUnfit(provider: string, { code, reason, retryAt }: ProviderError): string {
  const until = retryAt === undefined ? '' : ` until ${retryAt.toISOString()}`;
  if (reason === 'circuit_open') return `${provider} is skipped${until}: it has been failing`;
  if (reason === 'throttled') return `${provider} is skipped${until}: it throttled us`;
  return `${provider} would reject it: ${(code ?? reason).toLowerCase().replaceAll('_', ' ')}`;
}

function announce(refused: ProviderRefusal, to: string, observer: DispatchDeps['observer'], ctx: StageContext): void {
  observer.failedOver(refused.provider, to);
  ctx.note({ stage: 'dispatch', verdict: 'failover', reason: refused.error.reason, detail: `from ${refused.provider} to ${to}` });
}

/** Seconds, not minutes, and only for requests that surely never reached the vendor. */
const IN_PLACE = { retries: 2, minTimeout: 200, factor: 3, randomize: true } as const;
const WORTH_A_SECOND_TRY: readonly ProviderReason[] = ['unavailable'];

class TryAgain extends Error {
  readonly tried: Extract<Attempted, { kind: 'refused' }>;
  constructor(tried: Extract<Attempted, { kind: 'refused' }>) {
    super(tried.error.message);
    this.tried = tried;
  }
}

async function tryInPlace(
  target: SendTarget,
  sms: SmsMessage,
  subject: MessageSubject,
  deps: DispatchDeps,
  ctx: StageContext,
): Promise<Attempted | OverBudget> {
  const { name } = target.provider;
  let before: ClosedAttempt | undefined;
  const once = async (): Promise<Attempted | OverBudget> => {
    if (before !== undefined) {
      await closeAttempt(deps, subject, before);
      before = undefined;
    }
    const paced = async () => {
      await renewSlot(subject, deps.cap);
      return attemptWithinBudget(target, sms, subject, deps, ctx);
    };
    const tried = await target.pace(ctx.signal, paced, sms.urgent === true);
    if (tried.kind !== 'refused' || !WORTH_A_SECOND_TRY.includes(tried.error.reason)) return tried;
    before = tried.attempt;
    throw new TryAgain(tried);
  };
  try {
    return await pRetry(once, {
      ...IN_PLACE,
      // No `signal`: p-retry would discard the response of a call during which it was aborted.
      shouldRetry: ({ error }) => error instanceof TryAgain && !ctx.signal.aborted && ctx.clock.now().getTime() < subject.message.expiresAt,
      onFailedAttempt: ({ error, retriesLeft }) => {
        if (error instanceof TryAgain && retriesLeft > 0) deps.observer.retried(name, error.tried.error.reason);
      },
    });
  } catch (error) {
    if (error instanceof TryAgain) return error.tried;
    if (before !== undefined) await closeAttempt(deps, subject, before);
    throw error;
  }
}
