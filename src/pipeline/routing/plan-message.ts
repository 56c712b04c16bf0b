import { ackCodesOf } from '../../alert/ack-code.ts';
import { maskPhone } from '../../alert/phone/phone.ts';
import type { OurReason } from '../../alert/reason.ts';
import type { CapSize, HistoryEvent } from '../../ledger/history/history.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { MessageRecord } from '../../ledger/records.ts';
import type { CapReason } from '../../limit/caps/rate-cap.ts';
import { quietUntil } from '../../policy/quiet-hours.ts';
import { describeEnd } from '../gates/hold-back.ts';
import type { PermissionDenial } from '../gates/permission.ts';
import { laneOf, type Message } from '../message.ts';
import type { StageName } from '../stage.ts';

/** Number of candidate codes per alert; the chance that a phone uses all of them already is negligible. */
const CODES = 4;

/**
 * Stores the acknowledge code of each recipient, and the messages whose recipients are notified of the resolution, before
 * anything is sent. Idempotent. Returns the plans with their codes.
 */
export async function storeAckCodes(
  steps: readonly PlannedMessage[],
  { codes, resolveSubscribers }: Pick<Ledger, 'codes' | 'resolveSubscribers'>,
  now: Date,
) {
  const coded = await Promise.all(
    steps.map(async (step): Promise<PlannedMessage> => {
      const { message, job } = step;
      if (message.ackCode === undefined || job === undefined) return step;
      const ackCode = await codes.claim(message, ackCodesOf(message.alertId, CODES), now);
      return { ...step, message: { ...message, ackCode } };
    }),
  );
  const messages = coded.flatMap(({ message, job }) => (message.resolvedTexts && job !== undefined ? [message] : []));
  const [first] = messages;
  if (first !== undefined) {
    await resolveSubscribers.keep(first.dedupHash, Object.fromEntries(messages.map((message) => [message.id, JSON.stringify(message)])));
  }
  return coded;
}

/**
 * A routed message: its ledger entry, and when its job may run; no job when it has ended already. `again`: an earlier run
 * wrote the entry, which has the current state of the message; so does a delayed job with that mark.
 */
export interface PlannedMessage {
  readonly message: Message;
  readonly record: MessageRecord;
  readonly job: 'now' | 'again' | { readonly until: Date; readonly again?: true } | undefined;
}

/** A cap that is full, as far as this process knows. */
export interface KnownFull {
  readonly reason: CapReason;
  readonly retryAt: Date;
  readonly cap: CapSize;
}

/**
 * Returns the initial state of a message. It ends here when its recipient may not be sent to. It is deferred when its
 * escalation step is not due or a cap is full: in a storm, messages must not pass through the dispatcher only to be deferred.
 */
export function planMessage(
  message: Message,
  refusal: PermissionDenial | undefined,
  full: KnownFull | undefined,
  now: Date,
): PlannedMessage {
  const event = (stage: StageName, verdict: string, rest: Partial<HistoryEvent> = {}): HistoryEvent => ({
    at: now.toISOString(),
    stage,
    verdict,
    ...rest,
  });
  const end = (reason: OurReason, events: HistoryEvent[]): PlannedMessage => ({
    message,
    job: undefined,
    record: { ...cardOf(message, now), state: 'suppressed', reason, until: null, events },
  });

  if (refusal !== undefined) {
    const { stage, ...why } = refusal;
    return end(why.reason, [event(stage, 'suppressed', why)]);
  }
  const passed = event('consent-gate', 'pass');
  if (message.notBefore !== undefined && message.notBefore > now.getTime()) {
    const until = new Date(Math.min(message.notBefore, message.expiresAt));
    const waits = event('escalation', 'deferred', { reason: 'escalation', until: until.toISOString() });
    return {
      message,
      job: { until },
      record: { ...cardOf(message, now), state: 'deferred', reason: 'escalation', until, events: [passed, waits] },
    };
  }
  const quiet = quietUntil(message.quietHours, message.severity, now);
  if (quiet !== undefined && message.overflow === 'drop') {
    const reason = 'quiet_hours';
    return end(reason, [passed, event('quiet-hours', 'suppressed', { reason, detail: describeEnd(reason, quiet) })]);
  }
  // The dispatcher handles other quiet hours and digests, whatever cap is full.
  if (full === undefined || quiet !== undefined || message.overflow === 'digest') {
    return { message, job: 'now', record: { ...cardOf(message, now), state: 'queued', reason: null, until: null, events: [passed] } };
  }
  const { reason } = full;
  if (message.overflow === 'drop') {
    return end(reason, [passed, event('rate-cap', 'suppressed', { reason, cap: full.cap, detail: describeEnd(reason, full.retryAt) })]);
  }
  const until = new Date(Math.min(full.retryAt.getTime(), message.expiresAt));
  const waits = event('rate-cap', 'deferred', { reason, until: until.toISOString(), cap: full.cap });
  return { message, job: { until }, record: { ...cardOf(message, now), state: 'deferred', reason, until, events: [passed, waits] } };
}

export function cardOf(message: Message, now: Date): Omit<MessageRecord, 'state' | 'reason' | 'until' | 'events'> {
  return {
    id: message.id,
    alertId: message.alertId,
    to: maskPhone(message.to),
    phoneHash: message.phoneHash,
    ...(message.simulated ? { lane: laneOf(message) } : {}),
    contact: message.contact ?? null,
    severity: message.severity,
    route: message.route,
    ...(message.source === undefined ? {} : { source: message.source }),
    segments: message.segments,
    createdAt: now.getTime(),
    expiresAt: message.expiresAt,
    content: JSON.stringify(message),
  };
}
