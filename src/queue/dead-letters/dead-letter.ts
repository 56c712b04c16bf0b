import { alertIdOfJob, hash, idInData, idInText } from '../../alert/id.ts';
import { maskNumbers, maskPhone } from '../../alert/phone/phone.ts';
import { parseSeverity } from '../../alert/severity.ts';
import type { MessageHistory } from '../../ledger/history/history.ts';
import { type Message, messageSchema } from '../../pipeline/message.ts';
import { type WaitingNotice, waitingNoticeSchema } from '../../pipeline/notices/notice.ts';
import { EXPIRED } from '../../pipeline/outcome.ts';
import { type WaitingEvent, waitingEventSchema } from '../events/waiting-event.ts';
import type { DeadLetter, DeadLetterFilter, DeadLetterKind, DeadLetterState } from './dead-letters-port.ts';

/** A failed job as stored in Redis. */
export interface DeadLetterJob {
  readonly queue: string;
  readonly what: DeadLetterKind;
  readonly jobId: string;
  readonly name: string;
  readonly data: string;
  readonly failedReason: string;
  /** When it was added, ms since the epoch. */
  readonly timestamp: number;
  /** ms since the epoch. */
  readonly diedAt: number;
}

/** The message of a failed job; `undefined` if its data is not a valid message. */
export function messageOf({ what, data }: Pick<DeadLetterJob, 'what' | 'data'>): Message | undefined {
  if (what !== 'message') return undefined;
  const parsed = messageSchema.safeParse(parseJson(data));
  return parsed.success ? parsed.data : undefined;
}

/** The ledger's facts about a message whose job failed. */
export interface DeadLetterFacts {
  readonly history: MessageHistory | undefined;
  /** Number of alerts in a digest. */
  readonly alerts?: number | undefined;
}

/** The dead letter of a failed job, without phone numbers and secrets. */
export function describeDeadLetter(job: DeadLetterJob, message: Message | undefined, { history, alerts }: DeadLetterFacts): DeadLetter {
  const common = {
    what: job.what,
    state: stateOf(job, history),
    detail: maskNumbers(job.failedReason),
    diedAt: new Date(job.diedAt).toISOString(),
  };
  const notice = noticeOf(job);
  if (notice !== undefined) return { ...common, ...noticeFacts(notice, common.detail) };
  const event = eventOf(job);
  if (event !== undefined) return { ...common, ...eventFacts(event, common.detail) };
  if (message === undefined) return { ...common, ...jobFacts(job) };
  return {
    ...common,
    id: message.id,
    alertId: message.alertId,
    severity: message.severity,
    route: message.route,
    to: maskPhone(message.to),
    contact: message.contact ?? null,
    reason: history?.lastReason ?? history?.reason ?? (common.state === 'expired' ? EXPIRED : 'malformed'),
    code: history?.attempts.at(-1)?.code ?? null,
    stored: { ...storedMessage(message), ...(alerts === undefined ? {} : { 'alerts in this digest': String(alerts) }) },
  };
}

/** The dead letter of a message with unknown outcome. `kept`: the message as a resend would use it; `undefined` if it is lost. */
export function describeUnknown(history: MessageHistory, kept: Message | undefined, since: number): DeadLetter {
  const { id, alertId, severity, route, to, contact, attempts } = history;
  return {
    ...{ what: 'message', state: 'unknown', id, alertId, severity, route, to, contact, reason: 'unknown_outcome' },
    code: attempts.at(-1)?.code ?? null,
    detail: `it may have been sent: sms-dispatch unknown resolve ${id} --sent, or --not-sent`,
    diedAt: new Date(since).toISOString(),
    stored: kept === undefined ? {} : storedMessage(kept),
  };
}

function stateOf({ what, failedReason }: DeadLetterJob, history: MessageHistory | undefined): DeadLetterState {
  if (history?.state === 'expired' || (history === undefined && failedReason.startsWith(EXPIRED))) return 'expired';
  if (what === 'alert' || what === 'receipt' || what === 'lookup' || failedReason.startsWith('malformed')) return 'malformed';
  return 'failed';
}

export function matches({ reason, severity, route, state, diedAt }: DeadLetter, filter: DeadLetterFilter): boolean {
  if (filter.reason !== undefined && filter.reason !== reason && !(filter.reason === EXPIRED && state === 'expired')) return false;
  if (filter.severity !== undefined && filter.severity !== severity) return false;
  if (filter.route !== undefined && filter.route !== route) return false;
  return filter.since === undefined || Date.parse(diedAt) >= filter.since.getTime();
}

/**
 * Stored fields of a message. Hides the text if it may hold a secret (login codes come from a template or have purpose
 * `verification`), and never shows parameters.
 */
function storedMessage({
  purpose,
  route,
  providers,
  text,
  template,
  segments,
  overflow,
  onUnknown,
  replay,
}: Message): Record<string, string> {
  const secret = template !== undefined || purpose === 'verification';
  return {
    purpose,
    route,
    providers: providers.join(', '),
    ...(template === undefined ? {} : { template: template.name }),
    text: secret ? `not shown, ${segments} segment(s)` : maskNumbers(text),
    'when a cap is full': overflow,
    'on unknown outcome': onUnknown,
    ...(replay === undefined ? {} : { replays: `${replay.number}, the last at ${new Date(replay.at).toISOString()}` }),
  };
}

function noticeOf({ what, data }: DeadLetterJob): WaitingNotice | undefined {
  return what === 'notice' ? waitingNoticeSchema.safeParse(parseJson(data)).data : undefined;
}

/** The event of a failed job; `undefined` if its data is not a valid event. */
export function eventOf({ what, data }: Pick<DeadLetterJob, 'what' | 'data'>): WaitingEvent | undefined {
  return what === 'event' ? waitingEventSchema.safeParse(parseJson(data)).data : undefined;
}

/** Separates the channel or webhook from the code in the failed reason of a notice or event; stored in Redis. */
export const NOT_NOTIFIED = ' was not notified: ';
/** Releases before 0.1.0 stored this instead. */
const NOT_NOTIFIED_BEFORE = ' was not told: ';

function codeOf(detail: string): string | null {
  return new RegExp(`(?:${NOT_NOTIFIED}|${NOT_NOTIFIED_BEFORE})(.+)$`).exec(detail)?.[1] ?? null;
}

/** The dead letter of a notice; `detail` names the channel and the reason. */
function noticeFacts(notice: WaitingNotice, detail: string): OwnFacts {
  const { id, alertId, severity, channel, route, text, step, steps } = notice;
  return {
    id,
    alertId,
    severity,
    route,
    to: null,
    contact: null,
    reason: 'unavailable',
    code: codeOf(detail),
    stored: { channel, route, step: `${step} of ${steps}`, text: maskNumbers(text) },
  };
}

/** The dead letter of a webhook event; its id is the event id that the receiver gets. */
function eventFacts({ id, webhook, tries, body }: WaitingEvent, detail: string): OwnFacts {
  const { alertId, messageId, severity, to, contact, reason } = body.data;
  const word = (value: unknown) => (typeof value === 'string' ? value : null);
  return {
    id,
    alertId: word(alertId),
    severity: word(severity),
    route: null,
    to: word(to),
    contact: word(contact),
    reason: 'unavailable',
    code: codeOf(detail),
    stored: {
      webhook,
      event: body.type,
      at: body.timestamp,
      ...(typeof messageId === 'string' ? { message: messageId } : {}),
      ...(typeof reason === 'string' ? { reason } : {}),
      tries: String(tries),
    },
  };
}

type OwnFacts = Omit<DeadLetter, 'what' | 'state' | 'detail' | 'diedAt'>;

/** The dead letter of any other job: a malformed one, or an alert that expired before it was routed. */
function jobFacts({ queue, what, jobId, timestamp, data, failedReason }: DeadLetterJob): OwnFacts {
  const parsed = parseJson(data);
  const fields = parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed) ? (parsed as Record<string, unknown>) : {};
  const own = what === 'alert' ? (idInData(parsed) ?? idInText(data)) : undefined;
  const id = own ?? (what === 'alert' ? alertIdOfJob({ jobId, timestamp, data: parsed }) : `q-${hash('job', queue, jobId)}`);
  const names = Object.keys(fields);
  return {
    id,
    alertId: what === 'alert' ? id : null,
    severity: (typeof fields.severity === 'string' ? parseSeverity(fields.severity) : undefined) ?? null,
    route: null,
    to: null,
    contact: null,
    reason: failedReason.startsWith(EXPIRED) ? EXPIRED : 'malformed',
    code: null,
    stored: {
      data: `${Buffer.byteLength(data)} bytes`,
      ...(names.length === 0 ? {} : { fields: maskNumbers(names.slice(0, MOST_NAMES).join(', ')).slice(0, LONGEST_NAMES) }),
    },
  };
}

const MOST_NAMES = 20;
const LONGEST_NAMES = 200;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
