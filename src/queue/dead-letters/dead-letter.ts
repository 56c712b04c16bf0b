import { alertIdOfJob, hash, idInData, idInText } from '../../alert/id.ts';
import { maskNumbers, maskPhone } from '../../alert/phone.ts';
import { parseSeverity } from '../../alert/severity.ts';
import type { MessageTrace } from '../../ledger/history/trace.ts';
import { type Message, messageSchema } from '../../pipeline/message.ts';
import { type WaitingNotice, waitingNoticeSchema } from '../../pipeline/notices/notice.ts';
import { EXPIRED } from '../../pipeline/outcome.ts';
import { type WaitingEvent, waitingEventSchema } from '../events/waiting-event.ts';
import type { DeadLetter, DeadLetterFilter, DeadLetterKind, DeadLetterState } from './dead-letters-port.ts';

/** A dead job as Redis holds it. */
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

/** The message of a dead job; `undefined` where there is none of ours in it. */
export function messageOf({ what, data }: Pick<DeadLetterJob, 'what' | 'data'>): Message | undefined {
  if (what !== 'message') return undefined;
  const parsed = messageSchema.safeParse(parseJson(data));
  return parsed.success ? parsed.data : undefined;
}

/** What the ledger knows of a dead message beside its job. */
export interface DeadLetterFacts {
  readonly trace: MessageTrace | undefined;
  /** Of a digest: how many alerts it names. */
  readonly alerts?: number | undefined;
}

/** What a person may see of a dead job. */
export function describeDeadLetter(job: DeadLetterJob, message: Message | undefined, { trace, alerts }: DeadLetterFacts): DeadLetter {
  const common = {
    what: job.what,
    state: stateOf(job, trace),
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
    reason: trace?.lastReason ?? trace?.reason ?? (common.state === 'expired' ? EXPIRED : 'malformed'),
    code: trace?.attempts.at(-1)?.code ?? null,
    stored: { ...storedMessage(message), ...(alerts === undefined ? {} : { 'alerts in this digest': String(alerts) }) },
  };
}

/** A message of unknown outcome, in the same list. `kept`: as it would be sent again; `undefined` where that is lost. */
export function describeUnknown(trace: MessageTrace, kept: Message | undefined, since: number): DeadLetter {
  const { id, alertId, severity, route, to, contact, attempts } = trace;
  return {
    ...{ what: 'message', state: 'unknown', id, alertId, severity, route, to, contact, reason: 'unknown_outcome' },
    code: attempts.at(-1)?.code ?? null,
    detail: `it may have been sent: sms-dispatch unknown resolve ${id} --sent, or --not-sent`,
    diedAt: new Date(since).toISOString(),
    stored: kept === undefined ? {} : storedMessage(kept),
  };
}

function stateOf({ what, failedReason }: DeadLetterJob, trace: MessageTrace | undefined): DeadLetterState {
  if (trace?.state === 'expired' || (trace === undefined && failedReason.startsWith(EXPIRED))) return 'expired';
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
 * Without the text of what holds a secret: a code to log in with comes from a template or has its purpose; and without
 * any parameters.
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
    'when in doubt': onUnknown,
    ...(replay === undefined ? {} : { replays: `${replay.number}, the last at ${new Date(replay.at).toISOString()}` }),
  };
}

function noticeOf({ what, data }: DeadLetterJob): WaitingNotice | undefined {
  return what === 'notice' ? waitingNoticeSchema.safeParse(parseJson(data)).data : undefined;
}

/** The event of a dead job; `undefined` where there is none of ours in it. */
export function eventOf({ what, data }: Pick<DeadLetterJob, 'what' | 'data'>): WaitingEvent | undefined {
  return what === 'event' ? waitingEventSchema.safeParse(parseJson(data)).data : undefined;
}

/** What stands in a dead notice's, or event's, reason between whom it was for and the code. */
export const NOT_TOLD = ' was not told: ';

function codeOf(detail: string): string | null {
  return new RegExp(`${NOT_TOLD}(.+)$`).exec(detail)?.[1] ?? null;
}

/** Of what a channel was not told; the channel and why stand in the detail. */
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

/** Of what a webhook was not told. Its id is what the receiver would know it by. */
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
      ...(typeof reason === 'string' ? { 'its reason': reason } : {}),
      tries: String(tries),
    },
  };
}

type OwnFacts = Omit<DeadLetter, 'what' | 'state' | 'detail' | 'diedAt'>;

/** Of a job that is none of the above: a malformed one, or an alert that expired before it was routed. */
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
