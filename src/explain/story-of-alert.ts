import type { AlertTrace, MessageState, MessageTrace } from '../ledger/history/trace.ts';
import { formatTime } from '../text/format-time.ts';
import { type Conclusion, concludeMessage, concludePaused, decidedOn, ID_IS_TAKEN, SLOW_MS, wasHandedOver } from './conclude-message.ts';
import { reasonWords } from './reason-words.ts';
import { eventEntry, inOrder, messageFacts, messageTimeline, recipientOf, type Story, type StoryPhone } from './story.ts';

/** Who was texted, who was not, and why. */
export function storyOfAlert(alert: AlertTrace, now: Date): Story {
  const firing = alert.messages.filter(isFiring);
  const only = firing.length === 1 ? firing[0] : undefined;
  const entries = alert.events.map(eventEntry);
  return {
    conclusion: concludeAlert(alert, now),
    facts: [
      ['alert', `${alert.id}, ${alert.severity}, ${alert.status}`],
      ...(alert.dedupKey === null ? [] : [['dedup key', alert.dedupKey] as const]),
      ['received', formatTime(alert.receivedAt)],
      ...(alert.traceId === undefined ? [] : [['trace id', alert.traceId] as const]),
      ...(only === undefined ? [] : [['message', only.id] as const, ...messageFacts(only)]),
    ],
    timeline: inOrder(only === undefined ? entries : [...entries, ...messageTimeline(only)]),
    phones: alert.messages.length > 1 ? phonesOf(alert.messages) : [],
  };
}

export function concludeAlert(alert: AlertTrace, now: Date): Conclusion {
  switch (alert.outcome) {
    case 'pending':
      if (alert.pausedQueue !== undefined) return concludePaused(alert.pausedQueue);
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
  const ends = alert.messages.filter(({ says }) => says === 'resolved');
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
  const texted = of('texted').filter(({ simulated }) => !simulated).length;
  const simulated = messages.filter((message) => message.simulated && wasHandedOver(message)).length;
  const not = of('not').filter((message) => !(message.simulated && wasHandedOver(message)));
  const rest = [
    [simulated, 'simulated: no phone was texted'],
    [of('perhaps').filter(({ simulated }) => !simulated).length, 'perhaps'],
    [of('on its way').length, 'still on the way'],
    [not.length, `not: ${[...new Set(not.map(({ state, reason }) => reason ?? state))].join(', ')}`],
  ] as const;
  const words = rest.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const start =
    texted > 0
      ? `Texted: ${texted} of ${messages.length} phones`
      : `Not texted${of('on its way').length > 0 ? ' yet' : ''}: none of ${messages.length} phones`;
  return { text: `${[start, ...words].join('; ')}.`, todo: simulated > 0 && texted === 0 ? ID_IS_TAKEN : undefined };
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

function phonesOf(messages: readonly MessageTrace[]): StoryPhone[] {
  const rank = ({ state }: MessageTrace) => URGENCY.indexOf(FATES[state]);
  return messages
    .toSorted((a, b) => rank(a) - rank(b))
    .map((message) => {
      const { id, state, reason, provider, says, simulated, digest } = message;
      const words = [
        ...(says === undefined ? [] : [says === 'resolved' ? 'RESOLVED text:' : 'confirmation:']),
        state,
        ...(reason === null ? [] : [`(${reason})`]),
        ...(digest === undefined ? [] : [`in ${digest}`]),
        ...(provider === null ? [] : [provider]),
        ...(simulated ? ['(simulated)'] : []),
      ];
      return { messageId: id, recipient: recipientOf(message), words: words.join(' ') };
    });
}
