import type { MessageTrace, TraceEvent } from '../ledger/history/trace.ts';
import { formatTime } from '../text/format-time.ts';
import { type Conclusion, concludeMessage } from './conclude-message.ts';
import { describeAttempt, describeEvent } from './describe-event.ts';

/** What became of an alert or a message, in plain words and without a full phone number. */
export interface Story {
  readonly conclusion: Conclusion;
  /** Name and value, in the order to be shown. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** In the order of time. */
  readonly timeline: readonly TimelineEntry[];
  /** Where there are several: whoever was not texted comes first, for that is what people ask for. */
  readonly phones: readonly StoryPhone[];
}

/** A line of the time line: when (ISO 8601), which stage, what happened there. */
export interface TimelineEntry {
  readonly at: string;
  readonly stage: string;
  readonly sentence: string;
  /** Of a check that merely let it through: what it was about in a word or two, such as `severity`, `route default`. */
  readonly passed?: string;
}

/** One phone among several. */
export interface StoryPhone {
  readonly messageId: string;
  readonly recipient: string;
  /** Such as `failed (recipient) twilio-main`. */
  readonly words: string;
}

export function storyOfMessage(message: MessageTrace, now: Date): Story {
  return {
    conclusion: concludeMessage(message, now),
    facts: [['message', message.id], ['alert', message.alertId], ['severity', message.severity], ...messageFacts(message)],
    timeline: inOrder(messageTimeline(message)),
    phones: [],
  };
}

/** What a person wants to know of a message beside its outcome. */
export function messageFacts(message: MessageTrace): (readonly [string, string])[] {
  return [
    ['to', recipientOf(message)],
    ['route', message.source === undefined ? message.route : `${message.route}, for source ${message.source}`],
    ['good until', formatTime(message.expiresAt)],
    ...(message.providerMessageId === null ? [] : [['provider id', message.providerMessageId] as const]),
    ...(message.segments > 1 ? [['segments', String(message.segments)] as const] : []),
  ];
}

/** `+60*******789 (alice)`. */
export function recipientOf({ to, contact }: Pick<MessageTrace, 'to' | 'contact'>): string {
  return contact === null ? to : `${to} (${contact})`;
}

export function messageTimeline({ events, attempts }: MessageTrace): TimelineEntry[] {
  return [
    ...events.map(eventEntry),
    ...attempts.map((attempt) => ({ at: attempt.startedAt, stage: 'request', sentence: describeAttempt(attempt) })),
  ];
}

export function eventEntry(event: TraceEvent): TimelineEntry {
  const { at, stage, verdict, detail } = event;
  const entry = { at, stage, sentence: describeEvent(event) };
  return verdict === 'pass' ? { ...entry, passed: detail ?? stage.replace(/-gate$/, '') } : entry;
}

export function inOrder(entries: readonly TimelineEntry[]): TimelineEntry[] {
  return entries.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}
