import { type HistoryAttempt, type HistoryEvent, isUnresolved, type MessageHistory, type MessageState } from '../ledger/history/history.ts';
import { formatElapsed, formatTime, readable } from '../text/format-time.ts';
import { reasonWords } from './reason-words.ts';

/** Kind of a conclusion → the first words of its text. */
export const HEADLINES = {
  texted: 'Texted',
  sending: 'Being texted',
  waiting: 'Not texted yet',
  unknown: 'Perhaps texted',
  undelivered: 'Not delivered',
  simulated: 'Not texted (simulated: no phone was texted)',
  not_texted: 'Not texted',
} as const;
export type ConclusionKind = keyof typeof HEADLINES;

/** Answer to "was it texted, and why not?" */
export interface Conclusion {
  /** Colours, tones and exit codes depend on this, never on the words of `text`. */
  readonly kind: ConclusionKind;
  /** One or two sentences that begin with the headline of the kind. */
  readonly text: string;
  /** What the reader can do. */
  readonly todo?: string | undefined;
}

/** @param explanation follows the headline; begins in lower case and ends with a full stop */
export function conclude(kind: ConclusionKind, explanation: string, todo?: string): Conclusion {
  return { kind, text: `${HEADLINES[kind]}: ${explanation}`, ...(todo === undefined ? {} : { todo }) };
}

/** A working queue takes a message long before this. */
export const SLOW_MS = 30_000;
const IS_DISPATCHER_RUNNING = 'Is a dispatcher running? `sms-dispatch start` runs everything, `sms-dispatch dispatcher` one alone.';

/** Whether the message only waits for a worker. */
function isDue({ state, until }: MessageHistory, now: Date): boolean {
  return state === 'queued' || (state === 'deferred' && until !== null && Date.parse(until) <= now.getTime());
}

/** Conclusion for a paused queue: its workers run and take no jobs. */
export function concludePaused(queue: string): Conclusion {
  return conclude(
    'waiting',
    `the queue ${queue} is paused; its jobs wait.`,
    'Resume it where it was paused: the queue board of the console, or `queue.resume()` of BullMQ.',
  );
}

/** @param receivedAt when the alert was received; default: when the message was created */
export function concludeMessage(message: MessageHistory, now: Date, receivedAt = message.createdAt): Conclusion {
  const provider = message.provider ?? message.attempts.at(-1)?.provider ?? 'the provider';
  if (message.simulated && wasHandedOver(message)) return concludeSimulated(message, provider, receivedAt);
  if (message.pausedQueue !== undefined && isDue(message, now)) return concludePaused(message.pausedQueue);
  switch (message.state) {
    case 'queued':
      return conclude(
        'waiting',
        'it waits for a dispatcher.',
        now.getTime() - Date.parse(queuedAt(message)) > SLOW_MS ? IS_DISPATCHER_RUNNING : undefined,
      );
    case 'deferred':
      return concludeDeferred(message, now);
    case 'sending': {
      const since = message.attempts.at(-1)?.startedAt;
      return conclude(
        'sending',
        `${provider} was called${since === undefined ? '' : ` at ${formatTime(since)}`} and has not responded yet.`,
      );
    }
    case 'accepted':
      return conclude(
        'texted',
        `${acceptedWords(message, provider, receivedAt)}. No delivery receipt has arrived; not every provider sends them.${otherWords(message, provider)}${duplicateWords(message)}`,
      );
    case 'delivered': {
      const at = message.events.findLast(({ verdict }) => verdict === 'delivered')?.at;
      return conclude(
        'texted',
        `${acceptedWords(message, provider, receivedAt)}; a receipt confirms delivery${at === undefined ? '' : ` at ${formatTime(at)}`}.${otherWords(message, provider)}${duplicateWords(message)}`,
      );
    }
    case 'undelivered':
      return conclude(
        'undelivered',
        `${acceptedWords(message, provider, receivedAt)}, but a receipt reports that it was not delivered${message.reason === null ? '' : ` (${message.reason})`}.`,
        "Look up its code in the vendor's console; most often the phone was off for too long, or the number is not in service.",
      );
    case 'unknown':
      return conclude('unknown', `${reasonWords('unknown_outcome').because}${named(message, 'unknown_outcome')}.`, unknownTodo(message));
    case 'expired':
      return concludeExpired(message);
    case 'cancelled':
    case 'suppressed':
    case 'failed': {
      const disproved = concludeDisproved(message);
      if (disproved !== undefined) return disproved;
      const reason = message.reason ?? (message.state === 'cancelled' ? 'resolved' : message.state);
      const { because, todo } = reasonWords(reason);
      return conclude('not_texted', `${because}${named(message, reason)}${decidedOn(message.events, reason)}.`, todo);
    }
  }
}

const HANDED_OVER: readonly MessageState[] = ['accepted', 'delivered', 'undelivered', 'unknown'];

/** Whether a provider has accepted the message, or may have. */
export function wasHandedOver({ state }: Pick<MessageHistory, 'state'>): boolean {
  return HANDED_OVER.includes(state);
}

/** Hint for an id that was used in a trial: raising it again is answered with `duplicate: true`. */
export const ID_IS_TAKEN =
  'The alert id stays taken for 7 days: to text this problem through a real provider, raise it again under a new id.';

/** Conclusion for a message that a simulated provider accepted. */
function concludeSimulated(message: MessageHistory, provider: string, receivedAt: string): Conclusion {
  const receipt = message.state === 'delivered' || message.state === 'undelivered' ? `; it reported ${message.state}` : '';
  const did =
    message.state === 'unknown' ? `${provider} gave no readable response (unknown_outcome)` : acceptedWords(message, provider, receivedAt);
  return conclude('simulated', `${did}${receipt}.${otherWords(message, provider)}${duplicateWords(message)}`, ID_IS_TAKEN);
}

function queuedAt({ createdAt, events }: MessageHistory): string {
  return events.findLast(({ verdict }) => verdict === 'replayed')?.at ?? createdAt;
}

function concludeDeferred({ reason, until, attempts, expiresAt, lastReason }: MessageHistory, now: Date): Conclusion {
  const vendorReason = reason === 'circuit_open' && lastReason !== reason ? lastReason : undefined;
  const cause = vendorReason ?? reason;
  const because =
    reason === null
      ? 'it waits for its turn'
      : reason === 'unknown_outcome'
        ? 'the worker that was sending it has not stored the outcome; another worker takes over when its lease ends (unknown_outcome)'
        : vendorReason === undefined
          ? `${reasonWords(reason).because}${named({ attempts }, reason)}`
          : `${reasonWords(vendorReason).because}${named({ attempts }, vendorReason)}, so the circuit of the provider is open (circuit_open)`;
  if (until === null) return conclude('waiting', `${because}.`, todoOf(cause));
  if (reason !== 'unknown_outcome' && Date.parse(until) >= Date.parse(expiresAt)) {
    return conclude(
      'waiting',
      `${because}. Its next try would be at ${formatTime(until)}, and its deadline is ${formatTime(expiresAt)}: unless it can be sent before, it expires.`,
      reasonWords('expired').todo,
    );
  }
  const dueInMs = Date.parse(until) - now.getTime();
  if (dueInMs < -SLOW_MS) {
    return conclude('waiting', `${because}. Its retry was due at ${formatTime(until)}.`, IS_DISPATCHER_RUNNING);
  }
  const when = dueInMs > 0 ? `, in ${formatElapsed(dueInMs)}` : '';
  return conclude('waiting', `${because}. It is retried at ${formatTime(until)}${when}.`, todoOf(cause));
}

/** Conclusion for an expired message, including what held it back before its deadline. */
function concludeExpired(message: MessageHistory): Conclusion {
  const { because, todo } = reasonWords('expired');
  const held =
    message.lastReason ??
    message.events.findLast(({ reason }) => reason !== undefined && reason !== 'expired')?.reason ??
    message.attempts.findLast(({ reason }) => reason !== undefined)?.reason;
  const explanation = `${because} (expired); the deadline was ${formatTime(message.expiresAt)}.`;
  const before = held === undefined ? '' : ` Before that, ${reasonWords(held).because}${named(message, held)}.`;
  return conclude('not_texted', `${explanation}${before}`, todo);
}

/** Describes which provider has the message, since when, and how that is known. */
function acceptedWords({ attempts, events }: MessageHistory, provider: string, receivedAt: string): string {
  const at = attempts.findLast(({ result }) => result === 'accepted')?.endedAt;
  if (at === undefined) {
    const word = events.findLast(({ verdict }) => verdict === 'confirmed_sent');
    if (word?.stage === 'operator') {
      return `an operator confirmed at ${formatTime(word.at)} that ${provider} sent it; its response had not arrived`;
    }
    if (word !== undefined)
      return `${provider} confirmed in a status query at ${formatTime(word.at)} that it has the message; its response had not arrived`;
    return attempts.some(isUnresolved) ? `${provider} was called and gave no readable response` : `accepted by ${provider}`;
  }
  return `accepted by ${provider} at ${formatTime(at)}, after ${formatElapsed(Date.parse(at) - Date.parse(receivedAt))}`;
}

/** Lists the providers that were tried or skipped before, with reasons. */
function otherWords({ attempts, events }: MessageHistory, provider: string): string {
  const refused = new Map(
    attempts
      .filter((attempt) => attempt.provider !== provider && (attempt.result === 'refused' || attempt.resolution === 'confirmed_not_sent'))
      .map((attempt) => [attempt.provider, attempt]),
  );
  const skipped = events.flatMap(({ verdict, detail }) =>
    verdict === 'skipped' && detail !== undefined ? [`Skipped: ${readable(detail)}`] : [],
  );
  return [...[...refused.values()].map((attempt) => `${attempt.provider} did not accept it: ${refusalWords(attempt)}`), ...new Set(skipped)]
    .map((words) => ` ${words}.`)
    .join('');
}

function refusalWords(attempt: HistoryAttempt): string {
  if (attempt.result === 'unknown') return 'its response did not arrive, and its records do not contain the message';
  const { reason = 'unavailable' } = attempt;
  return `${reasonWords(reason).because} (${[reason, ...codes(attempt)].join(', ')})`;
}

/** Conclusion for an unknown outcome that was resolved as not sent; `undefined` for any other message. */
function concludeDisproved({ state, reason, events, attempts }: MessageHistory): Conclusion | undefined {
  const word = events.findLast(({ verdict }) => verdict === 'confirmed_not_sent');
  if (state !== 'failed' || reason !== 'unknown_outcome' || word === undefined) return undefined;
  const who = word.stage === 'operator' ? 'an operator' : (attempts.at(-1)?.provider ?? 'the provider');
  return conclude(
    'not_texted',
    `${who} confirmed at ${formatTime(word.at)} that it had not been sent (unknown_outcome).`,
    'If the message is still needed, raise the alert again.',
  );
}

function duplicateWords({ attempts }: MessageHistory): string {
  const unresolved = attempts.find(isUnresolved);
  const settled = attempts.findLast(({ result }) => result === 'accepted');
  return unresolved === undefined || settled === undefined
    ? ''
    : ` It may have arrived twice: an earlier request to ${unresolved.provider} got no readable response.`;
}

function unknownTodo({ attempts }: MessageHistory): string {
  const resent = attempts.filter(isUnresolved).length > 1;
  const policy = resent ? 'It was sent again once, which is the limit.' : 'It is not sent again, to avoid a duplicate.';
  return `${policy} A receipt may still resolve it; until then, ${lowerFirst(reasonWords('unknown_outcome').todo as string)}`;
}

/** Formats reason and codes as metrics, logs and vendors use them: ` (recipient, code 21211 from twilio-main)`. */
function named({ attempts }: Pick<MessageHistory, 'attempts'>, reason: string): string {
  const last = attempts.findLast((attempt) => attempt.reason === reason);
  return last === undefined ? ` (${reason})` : ` (${[reason, ...codes(last)].join(', ')} from ${last.provider})`;
}

/** Formats the codes of an attempt: `code 21211`, `HTTP 400`. */
export function codes({ code, status }: HistoryAttempt): string[] {
  return [...(code === undefined ? [] : [`code ${code}`]), ...(status === undefined ? [] : [`HTTP ${status}`])];
}

/** Formats the detail of the deciding event: `: same dedup key as alert a-1`. */
export function decidedOn(events: readonly HistoryEvent[], reason: string): string {
  const detail = events.findLast((event) => event.reason === reason)?.detail;
  return detail === undefined ? '' : `: ${readable(detail)}`;
}

function todoOf(reason: string | null): string | undefined {
  return reason === null || reason === 'unknown_outcome' ? undefined : reasonWords(reason).todo;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
