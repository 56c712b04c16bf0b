import { ALERT_ID_PATTERN, alertIdOfJob, hash } from '../alert/id.ts';
import { maskNumbers, maskPhone } from '../alert/phone.ts';
import { parseSeverity } from '../alert/severity.ts';
import type { MessageTrace } from '../ledger/trace.ts';
import { type Message, messageSchema } from '../pipeline/message.ts';
import { type WaitingNotice, waitingNoticeSchema } from '../pipeline/notice.ts';
import type { DeadKind, DeadLetter } from './dead-letters-port.ts';
import { type WaitingEvent, waitingEventSchema } from './waiting-event.ts';

/** A dead job as Redis holds it. */
export interface DeadJob {
  readonly queue: string;
  readonly what: DeadKind;
  readonly jobId: string;
  readonly name: string;
  readonly data: string;
  readonly failedReason: string;
  /** ms since the epoch. */
  readonly diedAt: number;
}

/** The message of a dead job; `undefined` where there is none of ours in it. */
export function messageOf({ what, data }: Pick<DeadJob, 'what' | 'data'>): Message | undefined {
  if (what !== 'message') return undefined;
  const parsed = messageSchema.safeParse(parseJson(data));
  return parsed.success ? parsed.data : undefined;
}

/** What a person may see of a dead job; `trace`: what the ledger has of its message. */
export function describeDead(job: DeadJob, message: Message | undefined, trace: MessageTrace | undefined): DeadLetter {
  const common = {
    what: job.what,
    detail: maskNumbers(job.failedReason),
    diedAt: new Date(job.diedAt).toISOString(),
  };
  const notice = noticeOf(job);
  if (notice !== undefined) return { ...common, ...noticeFacts(notice, common.detail) };
  const event = eventOf(job);
  if (event !== undefined) return { ...common, ...eventFacts(event, common.detail) };
  if (message === undefined) return { ...common, ...malformedFacts(job) };
  return {
    ...common,
    id: message.id,
    alertId: message.alertId,
    severity: message.severity,
    to: maskPhone(message.to),
    contact: message.contact ?? null,
    reason: trace?.reason ?? 'malformed',
    code: trace?.attempts.at(-1)?.code ?? null,
    stored: storedMessage(message),
  };
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

function noticeOf({ what, data }: DeadJob): WaitingNotice | undefined {
  return what === 'notice' ? waitingNoticeSchema.safeParse(parseJson(data)).data : undefined;
}

/** The event of a dead job; `undefined` where there is none of ours in it. */
export function eventOf({ what, data }: Pick<DeadJob, 'what' | 'data'>): WaitingEvent | undefined {
  return what === 'event' ? waitingEventSchema.safeParse(parseJson(data)).data : undefined;
}

/** What stands in a dead notice's, or event's, reason between whom it was for and the code. */
export const NOT_TOLD = ' was not told: ';

function codeOf(detail: string): string | null {
  return new RegExp(`${NOT_TOLD}(.+)$`).exec(detail)?.[1] ?? null;
}

/** Of what a channel was not told; the channel and why stand in the detail. */
function noticeFacts(notice: WaitingNotice, detail: string): Omit<DeadLetter, 'what' | 'detail' | 'diedAt'> {
  const { id, alertId, severity, channel, route, text, step, steps } = notice;
  return {
    id,
    alertId,
    severity,
    to: null,
    contact: null,
    reason: 'unavailable',
    code: codeOf(detail),
    stored: { channel, route, step: `${step} of ${steps}`, text: maskNumbers(text) },
  };
}

/** Of what a webhook was not told. Its id is what the receiver would know it by. */
function eventFacts({ id, webhook, tries, body }: WaitingEvent, detail: string): Omit<DeadLetter, 'what' | 'detail' | 'diedAt'> {
  const { alertId, messageId, severity, to, contact, reason } = body.data;
  const word = (value: unknown) => (typeof value === 'string' ? value : null);
  return {
    id,
    alertId: word(alertId),
    severity: word(severity),
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

function malformedFacts({ queue, what, jobId, data }: DeadJob): Omit<DeadLetter, 'what' | 'detail' | 'diedAt'> {
  const parsed = parseJson(data);
  const fields = parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed) ? (parsed as Record<string, unknown>) : {};
  const own = what === 'alert' && typeof fields.id === 'string' && ALERT_ID_PATTERN.test(fields.id) ? fields.id : undefined;
  const id = own ?? (what === 'alert' ? alertIdOfJob(jobId) : `q-${hash('job', queue, jobId)}`);
  const names = Object.keys(fields);
  return {
    id,
    alertId: what === 'alert' ? id : null,
    severity: (typeof fields.severity === 'string' ? parseSeverity(fields.severity) : undefined) ?? null,
    to: null,
    contact: null,
    reason: 'malformed',
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
