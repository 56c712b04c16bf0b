import { maskPhone } from '../alert/phone.ts';
import type { OurReason } from '../alert/reason.ts';
import type { MessageRecord } from '../ledger/ledger.ts';
import type { TraceEvent } from '../ledger/trace.ts';
import type { CapReason } from '../limit/rate-cap.ts';
import type { Message } from './message.ts';
import type { StageName } from './stage.ts';

/**
 * A message as it leaves the router: its ledger entry, and when its job may run; no job when it has ended already.
 * `again`: an earlier run wrote the entry, which alone knows how far the message has come.
 */
export interface FirstStep {
  readonly message: Message;
  readonly record: MessageRecord;
  readonly job: 'now' | 'again' | { readonly until: Date } | undefined;
}

/** A cap that this process knows to be full. */
export interface KnownFull {
  readonly reason: CapReason;
  readonly retryAt: Date;
}

/**
 * Where a message begins. One without consent ends here. One that a cap surely holds back goes straight to waiting, so
 * that a storm does not take every text through the dispatcher only to be told to wait.
 */
export function firstStep(message: Message, consent: boolean, full: KnownFull | undefined, now: Date): FirstStep {
  const event = (stage: StageName, verdict: string, rest: Partial<TraceEvent> = {}): TraceEvent => ({
    at: now.toISOString(),
    stage,
    verdict,
    ...rest,
  });
  const end = (reason: OurReason, events: TraceEvent[]): FirstStep => ({
    message,
    job: undefined,
    record: { ...cardOf(message, now), state: 'suppressed', reason, until: null, events },
  });

  if (!consent) return end('no_consent', [event('consent-gate', 'suppressed', { reason: 'no_consent' })]);
  const passed = event('consent-gate', 'pass');
  if (full === undefined) {
    return { message, job: 'now', record: { ...cardOf(message, now), state: 'queued', reason: null, until: null, events: [passed] } };
  }
  const { reason } = full;
  if (message.overflow === 'drop') {
    return end(reason, [passed, event('rate-cap', 'suppressed', { reason, detail: `room again at ${full.retryAt.toISOString()}` })]);
  }
  const until = new Date(Math.min(full.retryAt.getTime(), message.expiresAt));
  const waits = event('rate-cap', 'deferred', { reason, until: until.toISOString() });
  return { message, job: { until }, record: { ...cardOf(message, now), state: 'deferred', reason, until, events: [passed, waits] } };
}

function cardOf(message: Message, now: Date): Omit<MessageRecord, 'state' | 'reason' | 'until' | 'events'> {
  return {
    id: message.id,
    alertId: message.alertId,
    to: maskPhone(message.to),
    contact: message.contact ?? null,
    severity: message.severity,
    route: message.route,
    segments: message.segments,
    createdAt: now.getTime(),
    expiresAt: message.expiresAt,
  };
}
