import type { MessageTrace } from '../ledger/trace.ts';
import { concludeMessage } from './conclude-message.ts';
import { describeAttempt, describeEvent } from './describe-event.ts';
import { formatTable } from './format-table.ts';
import { formatStamp, formatTime } from './format-time.ts';

/** A line of the time line: when, which stage, what happened there. */
export interface TimelineEntry {
  readonly at: string;
  readonly what: readonly [stage: string, sentence: string];
}

/** Was it texted, and why not: the conclusion, the facts and the time line, on one screen, without a full phone number. */
export function explainMessage(message: MessageTrace, now: Date): string {
  const { text, todo } = concludeMessage(message, now);
  const facts = formatTable([
    ['message', `${message.id}, of alert ${message.alertId}`],
    ['severity', message.severity],
    ...messageFacts(message),
  ]);
  return [text, ...(todo === undefined ? [] : [todo]), '', facts, '', formatTimeline(messageTimeline(message)), ''].join('\n');
}

/** What a person wants to know of a message beside its outcome, as rows of a table. */
export function messageFacts(message: MessageTrace): string[][] {
  return [
    ['to', recipientOf(message)],
    ['route', message.route],
    ['good until', formatTime(message.expiresAt)],
    ...(message.providerMessageId === null ? [] : [['provider id', message.providerMessageId]]),
    ...(message.segments > 0 ? [['segments', String(message.segments)]] : []),
  ];
}

/** `+60*******789 (alice)`. */
export function recipientOf({ to, contact }: Pick<MessageTrace, 'to' | 'contact'>): string {
  return contact === null ? to : `${to} (${contact})`;
}

export function messageTimeline({ events, attempts }: MessageTrace): TimelineEntry[] {
  return [
    ...events.map((event): TimelineEntry => ({ at: event.at, what: [event.stage, describeEvent(event)] })),
    ...attempts.map((attempt): TimelineEntry => ({ at: attempt.startedAt, what: ['request', describeAttempt(attempt)] })),
  ];
}

/** A message that a cap puts off for days has hundreds of entries: how it began and where it is now tell the story. */
const HEAD = 6;
const TAIL = 10;

/** In the order of time, one line each; a long middle is left out and counted. */
export function formatTimeline(entries: readonly TimelineEntry[]): string {
  if (entries.length === 0) return 'Nothing is written down about it yet.';
  const sorted = entries.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const rows = sorted.map(({ at, what }) => [formatStamp(at), ...what]);
  if (rows.length <= HEAD + TAIL + 1) return formatTable(rows);
  const left = rows.length - HEAD - TAIL;
  const lines = formatTable([...rows.slice(0, HEAD), ...rows.slice(-TAIL)]).split('\n');
  return [...lines.slice(0, HEAD), `… ${left} more, shown by --json …`, ...lines.slice(HEAD)].join('\n');
}
