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
  const only = alert.messages.length === 1 ? alert.messages[0] : undefined;
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

function concludeRouted({ messages, receivedAt }: AlertTrace, now: Date): Conclusion {
  const [first] = messages;
  if (first === undefined) return { text: `Not texted: ${reasonWords('no_recipient').because} (no_recipient).` };
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
    .map(({ id, to, contact, state, reason, provider }) => [
      recipientOf({ to, contact }),
      [state, ...(reason === null ? [] : [`(${reason})`]), ...(provider === null ? [] : [provider])].join(' '),
      id,
    ]);
  const left = messages.length - rows.length;
  const more = left > 0 ? [`… and ${left} more, shown by --json …`] : [];
  return [formatTable(rows), ...more, 'For one of them: sms-dispatch explain MESSAGE_ID'].join('\n');
}
