import type { HistoryEvent, MessageHistory, MessageState } from '../ledger/history/history.ts';
import { formatTime } from '../text/format-time.ts';
import { type Conclusion, concludeMessage } from './conclude-message.ts';
import { describeAttempt, describeEvent } from './describe-event.ts';

/** Explanation of an alert or a message in plain words, without a full phone number. */
export interface Story {
  readonly conclusion: Conclusion;
  /** Names and values in display order. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** Entries in chronological order. */
  readonly timeline: readonly TimelineEntry[];
  /** Empty for a single phone. Phones that were not texted come first. */
  readonly phones: readonly StoryPhone[];
}

/** One entry of the timeline: time (ISO 8601), stage and event. */
export interface TimelineEntry {
  readonly at: string;
  readonly stage: string;
  readonly sentence: string;
  /** For a check that passed: its subject, such as `severity` or `route default`. */
  readonly passed?: string;
}

/** One phone among several. */
export interface StoryPhone {
  readonly messageId: string;
  readonly recipient: string;
  readonly state: MessageState;
  /** State, reason and provider, for example `failed (recipient) twilio-main`. */
  readonly words: string;
}

export function storyOfMessage(message: MessageHistory, now: Date): Story {
  return {
    conclusion: concludeMessage(message, now),
    facts: [['message', message.id], ['alert', message.alertId], ['severity', message.severity], ...messageFacts(message)],
    timeline: inOrder(messageTimeline(message)),
    phones: [],
  };
}

/** Facts about a message besides its outcome. */
export function messageFacts(message: MessageHistory): (readonly [string, string])[] {
  return [
    ['to', recipientOf(message)],
    ['route', message.source === undefined ? message.route : `${message.route}, for source ${message.source}`],
    ['good until', formatTime(message.expiresAt)],
    ...(message.providerMessageId === null ? [] : [['provider id', message.providerMessageId] as const]),
    ...(message.segments > 1 ? [['segments', String(message.segments)] as const] : []),
  ];
}

/** Formats a recipient: `+60*******789 (alice)`. */
export function recipientOf({ to, contact }: Pick<MessageHistory, 'to' | 'contact'>): string {
  return contact === null ? to : `${to} (${contact})`;
}

export function messageTimeline({ events, attempts }: MessageHistory): TimelineEntry[] {
  return [
    ...events.map(eventEntry),
    ...attempts.map((attempt) => ({ at: attempt.startedAt, stage: 'request', sentence: describeAttempt(attempt) })),
  ];
}

export function eventEntry(event: HistoryEvent): TimelineEntry {
  const { at, stage, verdict, detail } = event;
  const entry = { at, stage, sentence: describeEvent(event) };
  return verdict === 'pass' ? { ...entry, passed: detail ?? stage.replace(/-gate$/, '') } : entry;
}

export function inOrder(entries: readonly TimelineEntry[]): TimelineEntry[] {
  return entries.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}
