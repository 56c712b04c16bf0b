import { z } from 'zod';
import { EVENT_TYPES, type EventType } from '../../channel/event-webhook-config.ts';
import type { MessageFacts } from '../../ledger/history/message-facts.ts';
import type { JournalEntry } from '../../ledger/journal/journal-entry.ts';

/** What a webhook is told, as it goes on the wire. */
const eventBodySchema = z.strictObject({
  /** Such as `sms.message.delivered`. */
  type: z.string(),
  /** When it happened, ISO 8601. */
  timestamp: z.string(),
  data: z.record(z.string(), z.unknown()),
});
type EventBody = z.output<typeof eventBodySchema>;

/** `undefined` for a step that nobody is told of, such as a replay on its way. */
export function eventTypeOf(entry: JournalEntry): EventType | undefined {
  const type = entry.kind === 'alert' ? `alert.${entry.alert.outcome}` : `message.${entry.message.state}`;
  return EVENT_TYPES.find((known) => known === type);
}

/** The ids, state and reason of that very event, and what the ledger knows: no whole number, and no text. */
export function eventBody(type: EventType, entry: JournalEntry, facts: MessageFacts | undefined): EventBody {
  return { type: `sms.${type}`, timestamp: entry.at.toISOString(), data: dataOf(entry, facts) };
}

function dataOf(entry: JournalEntry, facts: MessageFacts | undefined): Record<string, unknown> {
  if (entry.kind === 'alert') {
    const { id, ...alert } = entry.alert;
    return { alertId: id, ...alert };
  }
  const { id, alertId, state, reason, provider } = entry.message;
  return { alertId, messageId: id, state, reason, provider, ...facts };
}

/** An event as it waits to be told to one webhook. */
export const waitingEventSchema = z.strictObject({
  /** Of its job, and what the receiver knows it by. */
  id: z.string(),
  webhook: z.string(),
  /** How often it was told in vain. */
  tries: z.int().min(0),
  body: eventBodySchema,
});
export type WaitingEvent = z.output<typeof waitingEventSchema>;

/** As it waits once more when an operator sends it through again: with all its tries. */
export function withAllTries(event: WaitingEvent): WaitingEvent {
  return { ...event, tries: 0 };
}
