import { z } from 'zod';
import { EVENT_TYPES, type EventType } from '../../channel/event-webhook-config.ts';
import type { MessageFacts } from '../../ledger/history/message-facts.ts';
import type { JournalEntry } from '../../ledger/journal/journal-entry.ts';

/** The event payload as sent to the webhook. */
const eventBodySchema = z.strictObject({
  /** Event type, like `sms.message.delivered`. */
  type: z.string(),
  /** When it happened, ISO 8601. */
  timestamp: z.string(),
  data: z.record(z.string(), z.unknown()),
});
type EventBody = z.output<typeof eventBodySchema>;

/** `undefined` for an entry that produces no event, such as a replay in progress. */
export function eventTypeOf(entry: JournalEntry): EventType | undefined {
  const type = entry.kind === 'alert' ? `alert.${entry.alert.outcome}` : `message.${entry.message.state}`;
  return EVENT_TYPES.find((known) => known === type);
}

/** The ids, state and reason of this entry and facts of the ledger; no full phone number and no text. */
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

/** An event queued for one webhook. */
export const waitingEventSchema = z.strictObject({
  /** Id of its job and event id for the receiver. */
  id: z.string(),
  webhook: z.string(),
  /** Failed attempts so far. */
  tries: z.int().min(0).max(999),
  body: eventBodySchema,
});
export type WaitingEvent = z.output<typeof waitingEventSchema>;

/** The event as an operator's replay queues it: all attempts are available again. */
export function withAllTries(event: WaitingEvent): WaitingEvent {
  return { ...event, tries: 0 };
}
