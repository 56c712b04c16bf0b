import { hash } from '../alert/id.ts';
import { severityRank } from '../alert/severity.ts';
import type { AnswerOf } from '../redis/define-script.ts';
import type { Keys } from '../redis/keys.ts';
import type { ScriptStep } from '../redis/lua-text.ts';
import { MISSED_ALERT_REASONS } from './criticals.ts';
import type { HistoryEvent } from './history/history.ts';
import { alertLine, messageLine } from './journal/journal-entry.ts';
import type { Admission, OtherContent } from './ledger.ts';
import { admitScript, DUPLICATE_ID, DUPLICATE_OF, settleAlertScript } from './lua/alert-scripts.ts';
import { type AlertCard, claimOf, lines, type MessageRecord, messageFields, type RoutedAlert, type SettledAlert } from './records.ts';

/** The step that admits an alert, see `Ledger.admit`. */
export function admitStep(keys: Keys, alert: RoutedAlert, run: string): ScriptStep<Admission> {
  const { messages, channels = [] } = alert;
  const [duplicateMessage, duplicateLine] = alert.dedupeForMs === 0 ? ['', ''] : duplicateLines(alert);
  const step = admitScript.step({
    keys: {
      alert: keys.alert(alert.id),
      inFlight: keys.inFlight(),
      open: keys.open(alert.dedupHash),
      claims: keys.claims(alert.dedupHash),
      resolved: keys.resolved(alert.dedupHash),
      acknowledged: keys.acknowledged(alert.dedupHash),
      journal: keys.journal(),
      openMessages: keys.openMessages(),
      pendingAlerts: keys.pendingAlerts(),
      pendingJob: keys.pendingJob(alert.id),
      messages: messages.map(({ id }) => keys.message(id)),
    },
    args: {
      run,
      alertId: alert.id,
      rank: severityRank(alert.severity),
      dedupeMs: alert.dedupeForMs,
      receivedAt: alert.receivedAt,
      journalLine: entryOf(alert, 'routed', null, messages),
      content: alert.content,
      otherContentEvent: otherContentLine(alert),
      duplicateEvent: duplicateMessage,
      duplicateLine,
      fields: { ...alertFields(alert), outcome: 'routed', messages: messages.map(({ id }) => id).join(' ') },
      channels: channels.map((name) => ({
        claim: channelClaim(name),
        duplicateEvent: lines([duplicateEvent(alert, 'escalation', `${name}: `)]),
      })),
      messages: messages.map((message) => {
        const fields = messageFields(message);
        return {
          id: message.id,
          claim: message.state === 'suppressed' ? undefined : claimOf(message),
          journalLine: message.state === 'queued' ? undefined : bornLine(message),
          hasJob: 'job' in fields,
          fields,
        };
      }),
    },
  });
  return { ...step, read: (reply) => admissionOf(step.read(reply), channels) };
}

function admissionOf(answer: AnswerOf<typeof admitScript.definition.reply>, channels: readonly string[]): Admission {
  switch (answer.kind) {
    case 'admitted':
      return { kind: 'admitted', fresh: true, muted: mutedOf(answer.muted, channels) };
    case 'known':
      return { kind: 'admitted', fresh: false, muted: mutedOf(answer.muted, channels), ...otherContentOf(answer.otherContent) };
    case 'settled':
      return { kind: answer.kind, ...otherContentOf(answer.otherContent) };
    default:
      return answer;
  }
}

/** Messages of an admitted alert as the ledger has them: those that another alert muted are suppressed. */
export function writtenMessages({ messages }: RoutedAlert, { muted }: Extract<Admission, { kind: 'admitted' }>): MessageRecord[] {
  return messages.map((message) => (muted.has(claimOf(message)) ? { ...message, state: 'suppressed' as const } : message));
}

export function settleAlertStep(keys: Keys, alert: SettledAlert, run: string) {
  const { outcome, reason, duplicateOf } = alert;
  return settleAlertScript.step({
    keys: {
      alert: keys.alert(alert.id),
      journal: keys.journal(),
      missedCriticals: keys.missedCriticals(),
      pendingAlerts: keys.pendingAlerts(),
      pendingJob: keys.pendingJob(alert.id),
    },
    args: {
      run,
      alertId: alert.id,
      content: alert.content,
      otherContentEvent: otherContentLine(alert),
      journalLine: entryOf(alert, outcome, reason, []),
      isMissed: alert.severity === 'critical' && MISSED_ALERT_REASONS.includes(reason),
      fields: { ...alertFields(alert), outcome, reason, ...(duplicateOf === undefined ? {} : { duplicateOf }) },
    },
  });
}

function entryOf(
  { id, severity, dedupKey }: RoutedAlert | SettledAlert,
  outcome: 'routed' | SettledAlert['outcome'],
  reason: string | null,
  messages: readonly MessageRecord[],
): string {
  const contacts = messages.map(({ contact }) => contact).filter((contact) => contact !== null);
  return alertLine({ id, severity, outcome, reason, dedupKey, contacts, messages: messages.length });
}

/** Claim of a channel, which must differ from that of a phone. */
function channelClaim(name: string): string {
  return `channel-${hash('channel', name)}`;
}

/** Parses the script's reply, which alternates claim and alert id. */
function mutedOf(answer: string, channels: readonly string[]): ReadonlyMap<string, string> {
  if (answer === '') return new Map();
  const words = answer.split(' ');
  const names = new Map(channels.map((name) => [channelClaim(name), name]));
  return new Map(words.flatMap((word, index) => (index % 2 === 0 ? [[names.get(word) ?? word, words[index + 1] as string] as const] : [])));
}

type Dated = Pick<SettledAlert, 'events' | 'receivedAt'>;

/** Time of the run that records the alert. */
function timeOf({ events, receivedAt }: Dated): string {
  return events.at(-1)?.at ?? new Date(receivedAt).toISOString();
}

function duplicateEvent(alert: Dated, stage: string, to: string): HistoryEvent {
  const detail = `${to}same dedup key as alert ${DUPLICATE_OF}`;
  return { at: timeOf(alert), stage, verdict: 'suppressed', reason: 'duplicate', detail };
}

/** Event and journal line of a duplicate message whose alert has other messages. */
function duplicateLines(alert: RoutedAlert): [event: string, journal: string] {
  const entry = { id: DUPLICATE_ID, alertId: alert.id, state: 'suppressed', reason: 'duplicate', provider: null, attempt: null } as const;
  return [lines([duplicateEvent(alert, 'dedupe-gate', 'to this phone, ')]), messageLine(entry)];
}

function otherContentLine(alert: Dated & Pick<SettledAlert, 'status'>): string {
  const detail =
    alert.status === 'resolved'
      ? 'a resolve came with the id of this alert; it was carried out and has no history of its own'
      : 'another alert came with the id of this one; it was ignored';
  return lines([{ at: timeOf(alert), stage: 'identity', verdict: 'ignored', detail }]);
}

/** Journal line of a message that is deferred or has ended from the start. */
function bornLine({ id, alertId, state, reason }: MessageRecord): string {
  return messageLine({ id, alertId, state, reason, provider: null, attempt: null });
}

function alertFields(alert: RoutedAlert | SettledAlert): Record<string, string> {
  const { severity, purpose, status, dedupKey, receivedAt, events, traceId, content } = alert;
  const card: AlertCard = { severity, purpose, status, dedupKey, receivedAt, ...(traceId === undefined ? {} : { traceId }) };
  return { card: JSON.stringify(card), events: lines(events), ...(content === undefined ? {} : { content }) };
}

function otherContentOf(otherContent: 'none' | OtherContent): { otherContent?: OtherContent } {
  return otherContent === 'none' ? {} : { otherContent };
}
