import { z } from 'zod';
import { eventBodySchema } from './event-payload.ts';

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
