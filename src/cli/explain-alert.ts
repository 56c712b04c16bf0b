import type { AlertTrace, MessageState, MessageTrace } from '../ledger/trace.ts';
import { type Conclusion, concludeMessage, decidedOn, SLOW_MS } from './conclude-message.ts';
import { describeEvent } from './describe-event.ts';
import { formatTimeline, messageFacts, messageTimeline, recipientOf, type TimelineEntry } from './explain-message.ts';
import { formatTable } from './format-table.ts';
import { formatTime } from './format-time.ts';
import { reasonWords } from './reason-words.ts';

/** More than this would not fit on a screen. */
const PHONES_SHOWN = 20;

/** Who was texted, who was not, and why: the conclusion, the facts and the time line, on one screen. */
export function explainAlert(alert: AlertTrace, now: Date): string {
  const { text, todo } = concludeAlert(alert, now);
  const firing = alert.messages.filter(isFiring);
  const only = firing.length === 1 ? firing[0] : undefined;
  const facts = formatTable([
    ['alert', `${alert.id}, ${alert.severity}, ${alert.status}`],
    ...(alert.dedupKey === null ? [] : [['dedup key', alert.dedupKey]]),
    ['received', formatTime(alert.receivedAt)],
    ...(only === undefined ? [] : [['message', only.id], ...messageFacts(only)]),
  ]);
  const entries = alert.events.map((event): TimelineEntry => ({ at: event.at, what: [event.stage, describeEvent(event)] }));
  const timeline = formatTimeline(only === undefined ? entries : [...entries, ...messageTimeline(only)]);
  const phones = alert.messages.length > 1 ? ['', formatPhones(alert.messages)] : [];
  return [text, ...(todo === undefined ? [] : [todo]), '', facts, '', timeline, ...phones, ''].join('\n');
}

export function concludeAlert(alert: AlertTrace, now: Date): Conclusion {
  switch (alert.outcome) {
    case 'pending':
      return {
        text: 'Not texted yet: it waits for a router.',
        todo:
          now.getTime() - Date.parse(alert.receivedAt) > SLOW_MS
            ? 'Is a router running? `sms-dispatch start` runs everything, `sms-dispatch router` one alone.'
            : undefined,
      };
    case 'suppressed':
    case 'malformed': {
      if (alert.status === 'resolved' && alert.reason === 'resolved') {
        return { text: 'Not texted: it reports that a problem is over; what had not gone out for the problem is cancelled (resolved).' };
      }
      const reason = alert.reason ?? alert.outcome;
      const { because, todo } = reasonWords(reason);
      return { text: `Not texted: ${because} (${reason})${decidedOn(alert.events, reason)}.`, todo };
    }
    case 'routed':
      return concludeRouted(alert, now);
  }
}

function concludeRouted(alert: AlertTrace, now: Date): Conclusion {
  const conclusion = concludeFiring({ ...alert, messages: alert.messages.filter(isFiring) }, now);
  const ends = alert.messages.filter((message) => !isFiring(message));
  if (ends.length === 0) return conclusion;
  const told = ends.filter(({ state }) => FATES[state] === 'texted').length;
  return { ...conclusion, text: `${conclusion.text} That it is over was texted to ${told} of ${ends.length} phone(s).` };
}

/** It tells of the problem, not of its end. */
function isFiring({ says }: MessageTrace): boolean {
  return says === undefined;
}

function concludeFiring({ messages, receivedAt, events }: AlertTrace, now: Date): Conclusion {
  const [first] = messages;
  if (first === undefined) return { text: concludeTold(events) };
  if (messages.length === 1) return concludeMessage(first, now, receivedAt);
  const of = (fate: Fate) => messages.filter(({ state }) => FATES[state] === fate);
  const texted = of('texted').length;
  const rest = [
    [of('perhaps').length, 'perhaps'],
    [of('on its way').length, 'still on the way'],
    [of('not').length, `not: ${[...new Set(of('not').map(({ state, reason }) => reason ?? state))].join(', ')}`],
  ] as const;
  const words = rest.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const start =
    texted > 0
      ? `Texted: ${texted} of ${messages.length} phones`
      : `Not texted${of('on its way').length > 0 ? ' yet' : ''}: none of ${messages.length} phones`;
  return { text: `${[start, ...words].join('; ')}.` };
}

/** Of an alert without texts: its route's ladder tells channels alone. */
function concludeTold(events: AlertTrace['events']): string {
  const on = events.filter(({ stage }) => stage === 'escalation');
  if (on.length === 0) return `Not texted: ${reasonWords('no_recipient').because} (no_recipient).`;
  const of = (verdict: string) => on.filter((event) => event.verdict === verdict).length;
  const counts = [`${of('accepted')} told`, ...(of('failed') > 0 ? [`${of('failed')} not to be told`] : [])].join(', ');
  return `Not texted: no step of its route's ladder texts anybody. Channels: ${counts}.`;
}

type Fate = 'texted' | 'perhaps' | 'on its way' | 'not';

const FATES: Readonly<Record<MessageState, Fate>> = {
  queued: 'on its way',
  deferred: 'on its way',
  sending: 'on its way',
  accepted: 'texted',
  delivered: 'texted',
  undelivered: 'not',
  unknown: 'perhaps',
  suppressed: 'not',
  expired: 'not',
  cancelled: 'not',
  failed: 'not',
};

/** Whoever was not texted comes first: that is what people ask for. */
const URGENCY: readonly Fate[] = ['not', 'perhaps', 'on its way', 'texted'];

function formatPhones(messages: readonly MessageTrace[]): string {
  const rank = ({ state }: MessageTrace) => URGENCY.indexOf(FATES[state]);
  const rows = messages
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, PHONES_SHOWN)
    .map(({ id, to, contact, state, reason, provider, says }) => [
      recipientOf({ to, contact }),
      [
        ...(says === undefined ? [] : ['RESOLVED text:']),
        state,
        ...(reason === null ? [] : [`(${reason})`]),
        ...(provider === null ? [] : [provider]),
      ].join(' '),
      id,
    ]);
  const left = messages.length - rows.length;
  const more = left > 0 ? [`… and ${left} more, shown by --json …`] : [];
  return [formatTable(rows), ...more, 'For one of them: sms-dispatch explain MESSAGE_ID'].join('\n');
}
