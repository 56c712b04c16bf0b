import { isDoubtful, type MessageState, type MessageTrace, type TraceAttempt, type TraceEvent } from '../ledger/history/trace.ts';
import { formatElapsed, formatTime, readable } from '../text/format-time.ts';
import { reasonWords } from './reason-words.ts';

/** The answer to "was it texted, and why not?" */
export interface Conclusion {
  /** One or two sentences, the first of which starts with what a person asks for, such as `Texted:`, `Not texted:`, `Not texted yet:`. */
  readonly text: string;
  readonly todo?: string | undefined;
}

/** A queue that works takes a message long before this. */
export const SLOW_MS = 30_000;
const IS_DISPATCHER_RUNNING = 'Is a dispatcher running? `sms-dispatch start` runs everything, `sms-dispatch dispatcher` one alone.';

/** Nothing but a worker is missing. */
function isDue({ state, until }: MessageTrace, now: Date): boolean {
  return state === 'queued' || (state === 'deferred' && until !== null && Date.parse(until) <= now.getTime());
}

/** Workers run, and take nothing from it. */
export function concludePaused(queue: string): Conclusion {
  return {
    text: `Not texted yet: the queue ${queue} is paused, so that its jobs wait.`,
    todo: 'Resume it where it was paused: the queue board of the console, or `queue.resume()` of BullMQ.',
  };
}

/** `receivedAt`: when its alert came in, where that is known; else the time to acceptance counts from the message. */
export function concludeMessage(message: MessageTrace, now: Date, receivedAt = message.createdAt): Conclusion {
  const provider = message.provider ?? message.attempts.at(-1)?.provider ?? 'the provider';
  if (message.simulated && wasHandedOver(message)) return concludeSimulated(message, provider, receivedAt);
  if (message.pausedQueue !== undefined && isDue(message, now)) return concludePaused(message.pausedQueue);
  switch (message.state) {
    case 'queued':
      return {
        text: 'Not texted yet: it waits for a dispatcher.',
        todo: now.getTime() - Date.parse(queuedAt(message)) > SLOW_MS ? IS_DISPATCHER_RUNNING : undefined,
      };
    case 'deferred':
      return concludeDeferred(message, now);
    case 'sending': {
      const since = message.attempts.at(-1)?.startedAt;
      return {
        text: `Being texted: ${provider} was asked${since === undefined ? '' : ` at ${formatTime(since)}`} and has not answered yet.`,
      };
    }
    case 'accepted':
      return {
        text: `Texted: ${carriedWords(message, provider, receivedAt)}. No receipt has told whether it arrived; not every provider reports.${otherWords(message, provider)}${twiceWords(message)}`,
      };
    case 'delivered': {
      const at = message.events.findLast(({ verdict }) => verdict === 'delivered')?.at;
      return {
        text: `Texted: ${carriedWords(message, provider, receivedAt)}; a receipt says that it was delivered${at === undefined ? '' : ` at ${formatTime(at)}`}.${otherWords(message, provider)}${twiceWords(message)}`,
      };
    }
    case 'undelivered':
      return {
        text: `Not delivered: ${carriedWords(message, provider, receivedAt)}, but a receipt says that it was not delivered${message.reason === null ? '' : ` (${message.reason})`}.`,
        todo: "Look its code up in the vendor's console; most often the phone was off for too long, or the number is not in service.",
      };
    case 'unknown':
      return {
        text: `Perhaps texted: ${reasonWords('unknown_outcome').because}${named(message, 'unknown_outcome')}.`,
        todo: unknownTodo(message),
      };
    case 'expired':
      return concludeExpired(message);
    case 'cancelled':
    case 'suppressed':
    case 'failed': {
      const refuted = concludeRefuted(message);
      if (refuted !== undefined) return refuted;
      const reason = message.reason ?? (message.state === 'cancelled' ? 'resolved' : message.state);
      const { because, todo } = reasonWords(reason);
      return { text: `Not texted: ${because}${named(message, reason)}${decidedOn(message.events, reason)}.`, todo };
    }
  }
}

const HANDED_OVER: readonly MessageState[] = ['accepted', 'delivered', 'undelivered', 'unknown'];

/** A provider has it, or may. */
export function wasHandedOver({ state }: Pick<MessageTrace, 'state'>): boolean {
  return HANDED_OVER.includes(state);
}

/** For an id that was used in a trial: a sender that repeats it after that is answered `duplicate: true`. */
export const ID_IS_TAKEN =
  'The alert id stays taken for 7 days: to text this problem through a real provider, raise it again under a new id.';

/** What the simulator did with it, which is no more than that. */
function concludeSimulated(message: MessageTrace, provider: string, receivedAt: string): Conclusion {
  const receipt = message.state === 'delivered' || message.state === 'undelivered' ? `; it reported it ${message.state}` : '';
  const did =
    message.state === 'unknown' ? `${provider} gave no readable answer (unknown_outcome)` : carriedWords(message, provider, receivedAt);
  return {
    text: `Not texted (simulated: no phone was texted): ${did}${receipt}.${otherWords(message, provider)}${twiceWords(message)}`,
    todo: ID_IS_TAKEN,
  };
}

function queuedAt({ createdAt, events }: MessageTrace): string {
  return events.findLast(({ verdict }) => verdict === 'replayed')?.at ?? createdAt;
}

function concludeDeferred({ reason, until, attempts, expiresAt, lastReason }: MessageTrace, now: Date): Conclusion {
  const vendorReason = reason === 'circuit_open' && lastReason !== reason ? lastReason : undefined;
  const cause = vendorReason ?? reason;
  const because =
    reason === null
      ? 'it waits for its turn'
      : reason === 'unknown_outcome'
        ? 'a worker that had begun to send it has not told the outcome; when its lease ends another one takes over (unknown_outcome)'
        : vendorReason === undefined
          ? `${reasonWords(reason).because}${named({ attempts }, reason)}`
          : `${reasonWords(vendorReason).because}${named({ attempts }, vendorReason)}, so that the provider rests (circuit_open)`;
  if (until === null) return { text: `Not texted yet: ${because}.`, todo: todoOf(cause) };
  if (reason !== 'unknown_outcome' && Date.parse(until) >= Date.parse(expiresAt)) {
    return {
      text: `Not texted yet: ${because}. Its turn would come at ${formatTime(until)}, and its time is up at ${formatTime(expiresAt)}: unless there is room before, it is given up then.`,
      todo: reasonWords('expired').todo,
    };
  }
  const dueInMs = Date.parse(until) - now.getTime();
  if (dueInMs < -SLOW_MS) {
    return { text: `Not texted yet: ${because}. It was to be tried again at ${formatTime(until)}.`, todo: IS_DISPATCHER_RUNNING };
  }
  const when = dueInMs > 0 ? `, in ${formatElapsed(dueInMs)}` : '';
  return { text: `Not texted yet: ${because}. It is tried again at ${formatTime(until)}${when}.`, todo: todoOf(cause) };
}

/** What held it back until then says more than that the time was up. */
function concludeExpired(message: MessageTrace): Conclusion {
  const { because, todo } = reasonWords('expired');
  const held =
    message.lastReason ??
    message.events.findLast(({ reason }) => reason !== undefined && reason !== 'expired')?.reason ??
    message.attempts.findLast(({ reason }) => reason !== undefined)?.reason;
  const text = `Not texted: ${because} (expired); the deadline was ${formatTime(message.expiresAt)}.`;
  return { text: held === undefined ? text : `${text} Before that, ${reasonWords(held).because}${named(message, held)}.`, todo };
}

/** Who has the text, by whose word and since when. */
function carriedWords({ attempts, events }: MessageTrace, provider: string, receivedAt: string): string {
  const at = attempts.findLast(({ result }) => result === 'accepted')?.endedAt;
  if (at === undefined) {
    const word = events.findLast(({ verdict }) => verdict === 'confirmed_sent');
    if (word?.stage === 'operator') {
      return `an operator said at ${formatTime(word.at)} that it was sent by ${provider}, whose answer had not come`;
    }
    if (word !== undefined)
      return `${provider}, whose answer had not come, said at ${formatTime(word.at)} when it was asked that it has the text`;
    return attempts.some(isDoubtful) ? `${provider} was asked and gave no readable answer` : `accepted by ${provider}`;
  }
  return `accepted by ${provider} at ${formatTime(at)}, after ${formatElapsed(Date.parse(at) - Date.parse(receivedAt))}`;
}

/** Those that were to carry it before and did not, and why. */
function otherWords({ attempts, events }: MessageTrace, provider: string): string {
  const refused = new Map(
    attempts
      .filter((attempt) => attempt.provider !== provider && (attempt.result === 'refused' || attempt.resolution === 'confirmed_not_sent'))
      .map((attempt) => [attempt.provider, attempt]),
  );
  const skipped = events.flatMap(({ verdict, detail }) =>
    verdict === 'skipped' && detail !== undefined ? [`Passed over: ${readable(detail)}`] : [],
  );
  return [...[...refused.values()].map((attempt) => `${attempt.provider} had not taken it: ${refusalWords(attempt)}`), ...new Set(skipped)]
    .map((words) => ` ${words}.`)
    .join('');
}

function refusalWords(attempt: TraceAttempt): string {
  if (attempt.result === 'unknown') return 'its answer had not come, and its records do not hold the text';
  const { reason = 'unavailable' } = attempt;
  return `${reasonWords(reason).because} (${[reason, ...codes(attempt)].join(', ')})`;
}

/** It was unknown, and somebody said that it had not been sent: `undefined` for anything else. */
function concludeRefuted({ state, reason, events, attempts }: MessageTrace): Conclusion | undefined {
  const word = events.findLast(({ verdict }) => verdict === 'confirmed_not_sent');
  if (state !== 'failed' || reason !== 'unknown_outcome' || word === undefined) return undefined;
  const who = word.stage === 'operator' ? 'an operator' : (attempts.at(-1)?.provider ?? 'the provider');
  return {
    text: `Not texted: ${who} said at ${formatTime(word.at)} that it had not been sent (unknown_outcome).`,
    todo: 'If somebody must still be told, raise it again.',
  };
}

function twiceWords({ attempts }: MessageTrace): string {
  const doubtful = attempts.find(isDoubtful);
  const settled = attempts.findLast(({ result }) => result === 'accepted');
  return doubtful === undefined || settled === undefined
    ? ''
    : ` It may have arrived twice: ${doubtful.provider} had been asked before and gave no readable answer.`;
}

function unknownTodo({ attempts }: MessageTrace): string {
  const resent = attempts.filter(isDoubtful).length > 1;
  const policy = resent ? 'It was sent again once, which is the limit.' : 'It is not sent again, so that nobody is texted twice.';
  return `${policy} A receipt may still settle it; until then, ${lowerFirst(reasonWords('unknown_outcome').todo as string)}`;
}

/** ` (recipient, code 21211 from twilio-main)`: the words that metrics, logs and vendors use. */
function named({ attempts }: Pick<MessageTrace, 'attempts'>, reason: string): string {
  const last = attempts.findLast((attempt) => attempt.reason === reason);
  return last === undefined ? ` (${reason})` : ` (${[reason, ...codes(last)].join(', ')} from ${last.provider})`;
}

/** `code 21211`, `HTTP 400`, where the attempt has them. */
export function codes({ code, status }: TraceAttempt): string[] {
  return [...(code === undefined ? [] : [`code ${code}`]), ...(status === undefined ? [] : [`HTTP ${status}`])];
}

/** `: same dedup key as alert a-1`: what the stage that decided had to say. */
export function decidedOn(events: readonly TraceEvent[], reason: string): string {
  const detail = events.findLast((event) => event.reason === reason)?.detail;
  return detail === undefined ? '' : `: ${readable(detail)}`;
}

function todoOf(reason: string | null): string | undefined {
  return reason === null || reason === 'unknown_outcome' ? undefined : reasonWords(reason).todo;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
