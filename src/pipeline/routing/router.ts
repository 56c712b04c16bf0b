import { randomUUID } from 'node:crypto';
import type { ParsedAlert } from '../../alert/alert.ts';
import { contentOf } from '../../alert/dedup-key.ts';
import { AlertError } from '../../alert/parse/parse-alert.ts';
import { logSafeId, maskNumbers, maskPhone } from '../../alert/phone/phone.ts';
import type { OurReason } from '../../alert/reason.ts';
import { isAtLeast, type Severity } from '../../alert/severity.ts';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/config.ts';
import type { HistoryEvent } from '../../ledger/history/history.ts';
import type { Admission, Begun, Ledger } from '../../ledger/ledger.ts';
import { claimOf, type RoutedAlert, type SettledAlert } from '../../ledger/records.ts';
import { describeStep, textsAfterMs } from '../../policy/escalation.ts';
import { keptTraceId, noteInSpan } from '../../tracing/span.ts';
import { type Origin, originOf } from '../end-report.ts';
import { contributorOf, isUsedUpByOthers } from '../gates/message-caps.ts';
import { refuseRecipient } from '../gates/permission.ts';
import type { Message } from '../message.ts';
import { composeNotices, type WaitingNotice } from '../notices/notice.ts';
import type { Observer } from '../observer.ts';
import type { DeferredReason } from '../outcome.ts';
import type { Ended } from '../resolved/notify-resolved.ts';
import type { InlineLane } from '../sending/inline-lane.ts';
import { walk } from '../stage.ts';
import { ALERT_STAGES, type AlertSubject } from './alert-stages.ts';
import { malformed, type RawAlert, readRaw, subjectOf, withTrial } from './alert-subject.ts';
import { composeMessages, shownSource } from './compose.ts';
import { directoryOf, type KnownNames } from './directory.ts';
import { type KnownFull, type PlannedMessage, planMessage, storeAckCodes } from './plan-message.ts';
import { openRecipients, type Recipient } from './recipients.ts';

export type Routed =
  /** Every message with a job and every notice must be added to its queue; adding is idempotent. */
  | { readonly kind: 'routed'; readonly steps: readonly PlannedMessage[]; readonly notices: readonly WaitingNotice[] }
  /** `expired`: it waited too long on the queue, and would have been sent before: an operator must check it. */
  | { readonly kind: 'suppressed'; readonly expired?: true }
  /** The alert resolved its dedup key; these open messages may be promoted to be cancelled. */
  | { readonly kind: 'resolved'; readonly open: readonly string[] /** Recipients may have to be notified. */; readonly ended?: Ended }
  | { readonly kind: 'malformed'; readonly reason: string };

export interface RouterDeps {
  readonly config: KnownNames & Pick<Config, 'countries' | 'quietHours'>;
  /** Returns the cap that holds this message back, as far as this process knows without a call. */
  readonly knownFull: (message: Message) => KnownFull | undefined;
  /** Route → when it got a real provider after a trial, ms; other routes are absent. */
  readonly realSince?: ReadonlyMap<string, number> | undefined;
  readonly ledger: Ledger;
  readonly observer: Observer;
  readonly clock: Clock;
  /** Absent in a process that sends no messages. */
  readonly inlineLane?: InlineLane | undefined;
  /** Called once per alert that starts an escalation. */
  readonly onEscalating: (alert: Escalating) => void;
  /** Called once per different content with the same alert id. */
  readonly onOtherContent: (alert: { readonly alertId: string; readonly severity: Severity; readonly status: string }) => void;
}

/** Facts about an alert that contain neither content nor recipients. */
export interface Escalating {
  readonly alertId: string;
  readonly severity: Severity;
  readonly route: string;
  /** Its escalation steps, such as `after 10m: ops-mail`. */
  readonly steps: readonly string[];
}

/** Creates the router, which turns an alert into messages or rejects it. Idempotent. */
export function createAlertRouter(deps: RouterDeps) {
  const { config, knownFull, realSince, ledger, observer, clock, inlineLane, onEscalating } = deps;
  const directory = directoryOf(config, clock);

  const reportOtherContent = ({ id: alertId, severity, status }: Pick<SettledAlert, 'id' | 'status'> & { severity: Severity }): void => {
    observer.alertIdReused();
    deps.onOtherContent({ alertId, severity, status });
  };

  const settle = async (alert: SettledAlert, origin: Pick<Origin, 'route' | 'source'> = {}): Promise<void> => {
    const settled = await ledger.settleAlert(alert, randomUUID());
    if (settled === 'other_content' && alert.severity !== 'unknown') reportOtherContent({ ...alert, severity: alert.severity });
    if (settled !== 'recorded') return;
    observer.alertReceived(alert);
    observer.alertSettled(alert);
    const { id: alertId, severity, outcome, reason, events } = alert;
    const detail = events.findLast((event) => event.reason === reason)?.detail;
    observer.alertEnded({ alertId, severity, outcome, reason, detail: detail && maskNumbers(detail), ...origin });
  };

  /** Whether an expired alert would have become a message or a notice before. */
  const wouldText = async (subject: AlertSubject): Promise<boolean> => {
    const { alert, policy, dedupHash, receivedAt } = subject;
    if (!isAtLeast(alert.severity, policy.minSeverity)) return false;
    const recipients = openRecipients(alert.to, config, new Date(receivedAt));
    if (recipients.length === 0 && composeNotices(subject, recipients, config.templates).length === 0) return false;
    return (await ledger.closedBy(dedupHash, receivedAt)) === undefined;
  };

  return async function route(raw: RawAlert, signal: AbortSignal): Promise<Routed> {
    const events: HistoryEvent[] = [];
    const note = (event: Omit<HistoryEvent, 'at'>) => void events.push({ at: clock.now().toISOString(), ...event });

    if (raw.replayed) note({ stage: 'operator', verdict: 'replayed' });
    const parsed = readRaw(raw, directory);
    if (parsed instanceof AlertError) {
      note({ stage: 'parse', verdict: 'malformed', reason: 'malformed', detail: parsed.message });
      await settle({ ...malformed(raw, clock.now()), events, ...keptTraceId() });
      return { kind: 'malformed', reason: parsed.message };
    }

    for (const detail of parsed.remarks ?? []) note({ stage: 'parse', verdict: 'warning', detail: maskNumbers(detail) });
    const subject = withTrial(subjectOf(raw, parsed, config, clock.now()), realSince);
    const { id, dedupKey, dedupHash, receivedAt, policy } = subject;
    noteInSpan({ 'sms.alert.id': logSafeId(id) });
    if (raw.replayed) await ledger.reopenAlert(id);
    const { severity, purpose, status } = parsed;
    const card = { id, severity, purpose, status, dedupKey, receivedAt, events, content: contentOf(parsed), ...keptTraceId() };
    const suppress = async (reason: OurReason, rest: Pick<SettledAlert, 'duplicateOf'> = {}): Promise<Routed> => {
      const source = parsed.source === undefined ? undefined : shownSource(parsed.source);
      await settle({ ...card, outcome: 'suppressed', reason, ...rest }, { route: policy.route, source });
      return { kind: 'suppressed' };
    };

    if (status === 'resolved') {
      const open = await ledger.resolve(dedupHash, new Date(receivedAt));
      note({
        stage: 'resolve-gate',
        verdict: 'suppressed',
        reason: 'resolved',
        detail: 'unsent messages of its dedup key are cancelled',
      });
      await suppress('resolved');
      return {
        kind: 'resolved',
        open,
        ...((await ledger.resolveSubscribers.any(dedupHash)) ? { ended: { dedupHash, at: receivedAt } } : {}),
      };
    }

    note({ stage: 'route', verdict: 'pass', detail: `route ${policy.route}` });
    const outcome = await walk(ALERT_STAGES, subject, { clock, signal, note });
    if (outcome?.kind === 'suppressed') {
      const settled = await suppress(outcome.reason);
      return outcome.reason === 'expired' && (await wouldText(subject)) ? { kind: 'suppressed', expired: true } : settled;
    }

    // Resolved at the time of receipt: a re-run after a shift change must find the same contacts.
    const recipients = openRecipients(parsed.to, config, new Date(subject.replayedAt ?? receivedAt));
    const notices = composeNotices(subject, recipients, config.templates);
    if (recipients.length === 0 && notices.length === 0) {
      note({ stage: 'recipients', verdict: 'suppressed', reason: 'no_recipient' });
      return suppress('no_recipient');
    }
    note({ stage: 'recipients', verdict: 'pass', detail: describeRecipients(recipients) });

    const { ladder } = policy;
    if (ladder !== undefined) note({ stage: 'escalation', verdict: 'planned', detail: ladder.map(describeStep).join('; ') });

    const now = clock.now();
    const texted = textsAfterMs(ladder) === undefined ? [] : recipients;
    const steps = composeMessages(subject, texted, config).map((message, index) =>
      planMessage(message, refuseRecipient(texted[index] as Recipient, policy, config.countries), knownFull(message), now),
    );
    const passed: HistoryEvent = { at: now.toISOString(), stage: 'dedupe-gate', verdict: 'pass' };
    const routed: RoutedAlert = {
      ...{ ...card, dedupHash, dedupeForMs: policy.dedupeForMs, events: [...events, passed] },
      channels: [...new Set(notices.map(({ channel }) => channel))],
      messages: steps.map(({ record }) => record),
    };
    const run = randomUUID();
    const follow = async (admission: Admission): Promise<Routed> => {
      if (admission.kind === 'settled' || (admission.kind === 'admitted' && admission.otherContent !== undefined)) {
        if (admission.otherContent === 'new') reportOtherContent(card);
        return { kind: 'suppressed' };
      }
      if (admission.kind === 'admitted') {
        const due = steps.map((step) => muteStep(step, admission.muted));
        const told = notices.filter(({ channel }) => !admission.muted.has(channel));
        const ready = await storeAckCodes(due, ledger, now);
        // An earlier run stored the entries; if it crashed before adding the jobs, they are added now.
        if (!admission.fresh) return { kind: 'routed', steps: ready.map(retakeStep), notices: told };
        countRouted(observer, parsed, due);
        if (ladder !== undefined) onEscalating({ alertId: id, severity, route: policy.route, steps: ladder.map(describeStep) });
        return { kind: 'routed', steps: ready, notices: told };
      }
      note({ stage: 'dedupe-gate', verdict: 'suppressed', reason: admission.kind, ...detailOf(admission, steps) });
      return suppress(admission.kind, admission.kind === 'duplicate' ? { duplicateOf: admission.of } : {});
    };

    const [only] = steps;
    if (inlineLane === undefined || only === undefined || steps.length > 1 || notices.length > 0)
      return follow(await ledger.admit(routed, run));
    let begun: Begun | undefined;
    const sent = await inlineLane.send(only, signal, async (request) => {
      begun = await ledger.begin({ alert: routed, run, ...request });
      const { admission, opened } = begun;
      if (opened !== undefined && admission.kind === 'admitted' && admission.fresh) countRouted(observer, parsed, steps);
      return opened;
    });
    if (sent !== undefined) return { kind: 'routed', steps: sent, notices };
    return follow(begun?.admission ?? (await ledger.admit(routed, run)));
  };
}

/** Formats the number of recipients, and remarks about the first unusual ones. */
function describeRecipients(recipients: readonly Recipient[]): string {
  const odd = recipients.filter(({ warning }) => warning !== undefined).slice(0, 3);
  return [`${recipients.length} phone(s)`, ...odd.map(({ phone, warning }) => `${maskPhone(phone)}: ${warning}`)].join('; ');
}

/** Suppresses a message whose phone is claimed by another alert: it is stored without a job. */
function muteStep(step: PlannedMessage, muted: ReadonlyMap<string, string>): PlannedMessage {
  if (step.job === undefined || !muted.has(claimOf(step.record))) return step;
  const at = new Date(step.record.createdAt).toISOString();
  const detail = `same dedup key as alert ${muted.get(claimOf(step.record))}`;
  const events = [...step.record.events, { at, stage: 'dedupe-gate', verdict: 'suppressed', reason: 'duplicate', detail }];
  return { ...step, job: undefined, record: { ...step.record, state: 'suppressed', reason: 'duplicate', until: null, events } };
}

function retakeStep(step: PlannedMessage): PlannedMessage {
  return step.record.reason === 'duplicate' ? step : { ...step, job: 'again' };
}

function detailOf(admission: Admission, steps: readonly PlannedMessage[]): Pick<HistoryEvent, 'detail'> {
  if (admission.kind === 'acknowledged') return { detail: admission.by };
  if (admission.kind !== 'duplicate') return {};
  const refused = steps.flatMap(({ record }) => (record.state === 'suppressed' ? [record.reason] : []));
  const others = refused.length === 0 ? [] : [`${refused.length} other phone(s): ${[...new Set(refused)].join(', ')}`];
  return { detail: [`same dedup key as alert ${admission.of}`, ...others].join('; ') };
}

function countRouted(observer: Observer, { severity, purpose }: ParsedAlert, steps: readonly PlannedMessage[]): void {
  observer.alertReceived({ severity, purpose });
  observer.alertSettled({ outcome: 'routed', reason: 'none' });
  observer.messagesCreated(severity, steps.length);
  for (const { message, record } of steps) {
    const reason = (record.reason as OurReason | null) ?? 'none';
    if (record.state === 'suppressed') observer.messageSettled({ state: 'suppressed', reason, severity });
    if (record.state === 'deferred') observer.deferred(record.reason as DeferredReason);
    if (isUsedUpByOthers(reason)) observer.contributed({ result: 'held_back', reason, ...contributorOf(message) });
    if (record.state !== 'queued') {
      const { state, until } = record;
      const detail = record.events.at(-1)?.detail;
      observer.messageEnded({ messageId: message.id, ...originOf(message), state, reason, detail, until: until ?? undefined });
    }
  }
}
