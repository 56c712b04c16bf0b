import type { AlertHistory, MessageHistory, MessageState } from '../ledger/history/history.ts';
import { formatTime } from '../text/format-time.ts';
import {
  type Conclusion,
  conclude,
  concludeMessage,
  concludePaused,
  decidedOn,
  ID_IS_TAKEN,
  SLOW_MS,
  wasHandedOver,
} from './conclude-message.ts';
import { reasonWords } from './reason-words.ts';
import { eventEntry, inOrder, messageFacts, messageTimeline, recipientOf, type Story, type StoryPhone } from './story.ts';

/** Explains which recipients were texted, which were not, and why. */
export function storyOfAlert(alert: AlertHistory, now: Date): Story {
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

export function concludeAlert(alert: AlertHistory, now: Date): Conclusion {
  switch (alert.outcome) {
    case 'pending':
      if (alert.pausedQueue !== undefined) return concludePaused(alert.pausedQueue);
      return conclude(
        'waiting',
        'it waits for a router.',
        now.getTime() - Date.parse(alert.receivedAt) > SLOW_MS
          ? 'Is a router running? `sms-dispatch start` runs everything, `sms-dispatch router` one alone.'
          : undefined,
      );
    case 'suppressed':
    case 'malformed': {
      if (alert.status === 'resolved' && alert.reason === 'resolved') {
        return conclude('not_texted', 'it resolves a problem; unsent messages about the problem are cancelled (resolved).');
      }
      const reason = alert.reason ?? alert.outcome;
      const { because, todo } = reasonWords(reason);
      return conclude('not_texted', `${because} (${reason})${decidedOn(alert.events, reason)}.`, todo);
    }
    case 'routed':
      return concludeRouted(alert, now);
  }
}

function concludeRouted(alert: AlertHistory, now: Date): Conclusion {
  const conclusion = concludeFiring({ ...alert, messages: alert.messages.filter(isFiring) }, now);
  const ends = alert.messages.filter(({ says }) => says === 'resolved');
  if (ends.length === 0) return conclusion;
  const texted = ends.filter(({ state }) => FATES[state] === 'texted').length;
  return { ...conclusion, text: `${conclusion.text} The resolution was texted to ${texted} of ${ends.length} phone(s).` };
}

/** Whether the message reports the problem, and not its resolution. */
function isFiring({ says }: MessageHistory): boolean {
  return says === undefined;
}

function concludeFiring({ messages, receivedAt, events }: AlertHistory, now: Date): Conclusion {
  const [first] = messages;
  if (first === undefined) return concludeWithoutMessages(events);
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
  const kind = texted > 0 ? 'texted' : of('on its way').length > 0 ? 'waiting' : 'not_texted';
  const explanation = [`${texted > 0 ? texted : 'none'} of ${messages.length} phones`, ...words].join('; ');
  return conclude(kind, `${explanation}.`, simulated > 0 && texted === 0 ? ID_IS_TAKEN : undefined);
}

/** Conclusion for an alert whose escalation ladder notifies only channels. */
function concludeWithoutMessages(events: AlertHistory['events']): Conclusion {
  const on = events.filter(({ stage }) => stage === 'escalation');
  if (on.length === 0) return conclude('not_texted', `${reasonWords('no_recipient').because} (no_recipient).`);
  const of = (verdict: string) => on.filter((event) => event.verdict === verdict).length;
  const counts = [`${of('accepted')} notified`, ...(of('failed') > 0 ? [`${of('failed')} failed`] : [])].join(', ');
  return conclude('not_texted', `no step of the escalation ladder of its route sends an SMS. Channels: ${counts}.`);
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

/** Order of phones: those that were not texted come first. */
const URGENCY: readonly Fate[] = ['not', 'perhaps', 'on its way', 'texted'];

function phonesOf(messages: readonly MessageHistory[]): StoryPhone[] {
  const rank = ({ state }: MessageHistory) => URGENCY.indexOf(FATES[state]);
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
      return { messageId: id, recipient: recipientOf(message), state, words: words.join(' ') };
    });
}
