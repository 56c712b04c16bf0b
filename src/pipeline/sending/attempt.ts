import { randomUUID } from 'node:crypto';
import { countSegments } from '../../alert/segments.ts';
import type { HistoryAttempt } from '../../ledger/history/history.ts';
import type { AttemptRequest, ClosedAttempt, Ledger, Opened } from '../../ledger/ledger.ts';
import { quietUntil } from '../../policy/quiet-hours.ts';
import { type ProviderError, type Refused, refuse, type SmsMessage } from '../../provider/contract/provider.ts';
import { keptTraceId } from '../../tracing/span.ts';
import { formerHashesOf } from '../message.ts';
import type { Observer } from '../observer.ts';
import type { AcceptedSend, Outcome } from '../outcome.ts';
import type { StageContext } from '../stage.ts';
import { unknownsAllowed } from './judge.ts';
import type { MessageSubject } from './message-run.ts';
import type { SendTarget } from './send-target.ts';
import { ruleOf } from './shape-message.ts';

export interface AttemptDeps {
  readonly ledger: Ledger;
  readonly observer: Observer;
  /** Aborts calls in flight at the end of the shutdown grace period. */
  readonly stopping: AbortSignal;
  /** Called for an exception of an adapter, which is a bug in it. */
  readonly onBug: (error: unknown, provider: string) => void;
}

export type Attempted =
  | { readonly kind: 'accepted'; readonly accepted: AcceptedSend; readonly attempt: ClosedAttempt }
  | { readonly kind: 'refused'; readonly error: ProviderError; readonly attempt: ClosedAttempt }
  | { readonly kind: 'unknown'; readonly attempt: ClosedAttempt }
  /** The ledger, the deadline or the shutdown stopped it before anything was sent. */
  | { readonly kind: 'stopped'; readonly outcome: Outcome };

/**
 * Time after the provider's deadline in which an owner may still store the result. Also the maximum time between
 * opening an attempt and using it: a process that was suspended in between (frozen, event loop blocked) would send with
 * an expired lease, while another worker may have sent meanwhile.
 */
const LEASE_MARGIN_MS = 5_000;

/**
 * Makes one request: opened in the ledger, sent, timed. The returned attempt is still open in the ledger; `token`
 * identifies it there.
 */
export async function attemptOnce(
  target: SendTarget,
  sms: SmsMessage,
  subject: MessageSubject,
  deps: AttemptDeps,
  ctx: StageContext,
  token: string = randomUUID(),
): Promise<Attempted> {
  const { provider, timeoutMs, simulated } = target;
  const { message } = subject;
  ctx.signal.throwIfAborted();
  if (ctx.clock.now().getTime() >= message.expiresAt) return { kind: 'stopped', outcome: { kind: 'expired', last: subject.waitedFor } };
  // Quiet hours began while it waited for its turn: it returns immediately, to be held back by the gate.
  const until = ctx.clock.now();
  if (quietUntil(message.quietHours, message.severity, until)) {
    return { kind: 'stopped', outcome: { kind: 'deferred', reason: 'quiet_hours', until } };
  }

  const record: HistoryAttempt = {
    provider: provider.name,
    startedAt: ctx.clock.now().toISOString(),
    ...keptTraceId(),
    ...(simulated && { simulated }),
  };
  const askedAt = performance.now();
  const opened = await openOrBegin(subject, deps.ledger, {
    messageId: message.id,
    dedupHash: message.dedupHash,
    phoneHash: message.phoneHash,
    formerHashes: formerHashesOf(message),
    receivedAt: message.receivedAt,
    token,
    record,
    leaseMs: timeoutMs + LEASE_MARGIN_MS,
    unknownsAllowed: unknownsAllowed(message.onUnknown),
  });
  if (opened === undefined) return { kind: 'stopped', outcome: { kind: 'requeued', until: ctx.clock.now() } };
  if (opened.kind !== 'opened') return { kind: 'stopped', outcome: stopped(opened, subject, ctx.clock.now()) };
  subject.attempts = opened.number;

  const started = performance.now();
  const send = () =>
    provider.send(sms, deps.stopping).catch((error: unknown): Refused => {
      deps.onBug(error, provider.name);
      return refuse('unknown_outcome', { code: 'adapter_bug' });
    });
  const answer = startsTooLate(askedAt, ctx.signal) ?? (await send());
  const seconds = (performance.now() - started) / 1000;
  const close = (rest: Pick<ClosedAttempt['record'], 'result' | 'reason' | 'code' | 'status'>): ClosedAttempt => ({
    token,
    number: opened.number,
    record: { ...record, endedAt: ctx.clock.now().toISOString(), ...rest },
  });

  if (answer.kind === 'accepted') {
    deps.observer.providerRequest({ provider: provider.name, result: 'accepted', reason: 'none', seconds });
    const segments = answer.segments ?? countSegments(sms.text, ruleOf(provider, sms.to));
    return { kind: 'accepted', accepted: { ...answer, segments }, attempt: close({ result: 'accepted' }) };
  }
  const { error } = answer;
  const result = error.reason === 'unknown_outcome' ? 'unknown' : 'refused';
  if (!error.unasked) deps.observer.providerRequest({ provider: provider.name, result, reason: error.reason, seconds });
  if (error.unlisted) deps.observer.unlistedCode(provider.name);
  const attempt = close({
    result,
    reason: error.reason,
    ...(error.code === undefined ? {} : { code: error.code }),
    ...(error.status === undefined ? {} : { status: error.status }),
  });
  return result === 'unknown' ? { kind: 'unknown', attempt } : { kind: 'refused', error, attempt };
}

/** Opens an attempt; the first one of a message without a ledger entry also creates the entry and takes its slot. */
async function openOrBegin(subject: MessageSubject, ledger: Ledger, request: AttemptRequest): Promise<Opened | undefined> {
  if (subject.begin === undefined) return ledger.openAttempt(request);
  const opened = await subject.begin({ attempt: request, ...subject.slotSteps });
  if (opened === undefined) return undefined;
  subject.begin = undefined;
  if (subject.slotSteps.slot !== undefined) {
    subject.tookSlot = true;
    subject.slotAt = performance.now();
  }
  return opened;
}

/** Why an attempt that has been opened must not be sent: its lease may have expired, or another run may own the message. */
function startsTooLate(askedAt: number, signal: AbortSignal): Refused | undefined {
  if (performance.now() - askedAt > LEASE_MARGIN_MS) return refuse('unavailable', { code: 'lease_too_old', unasked: true });
  return signal.aborted ? refuse('unavailable', { code: 'run_aborted', unasked: true }) : undefined;
}

/** Maps a failure to open the attempt to an outcome. */
function stopped(
  opened: Exclude<Awaited<ReturnType<Ledger['openAttempt']>>, { kind: 'opened' }>,
  subject: MessageSubject,
  now: Date,
): Outcome {
  switch (opened.kind) {
    case 'ended':
      return { kind: 'settled', state: opened.state };
    case 'busy':
      return { kind: 'deferred', reason: 'unknown_outcome', until: opened.until };
    case 'orphan':
      return { kind: 'deferred', reason: 'unknown_outcome', until: now };
    case 'resolved':
    case 'acknowledged':
      return { kind: 'cancelled', reason: opened.kind };
    case 'opted_out':
      return { kind: 'suppressed', reason: 'opted_out' };
    case 'spent':
      return { kind: 'unknown', provider: subject.unresolvedProvider };
    case 'missing':
      return { kind: 'malformed', detail: 'the ledger has no entry for this message' };
  }
}
