import type { TraceEvent } from './history/trace.ts';
import type { MessageRecord } from './records.ts';

/** A message as the fields of its hash; the content of its job is kept while it is on its way. */
export function messageFields({ state, reason, until, events, content, ...card }: MessageRecord): Record<string, string> {
  return {
    card: JSON.stringify(card),
    state,
    ...(content === undefined || state === 'suppressed' ? {} : { job: content }),
    ...(reason === null ? {} : { reason }),
    ...(state === 'deferred' && reason !== null ? { lastReason: reason } : {}),
    ...(until === null ? {} : { until: until.toISOString() }),
    events: lines(events),
  };
}

/** Length of a trace from which on it takes no further deferral, receipt or repeat. */
export const EVENTS_LENGTH = 30_000;

export function lines(events: readonly TraceEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}
