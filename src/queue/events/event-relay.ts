import { setTimeout as pause } from 'node:timers/promises';
import { hash } from '../../alert/id.ts';
import type { EventType } from '../../channel/event-webhook-config.ts';
import type { ReadMessageFacts } from '../../ledger/history/message-facts.ts';
import type { JournalBatch, JournalCursor } from '../../ledger/journal/journal-cursor.ts';
import type { JournalEntry } from '../../ledger/journal/journal-entry.ts';
import type { Logger } from '../../logger.ts';
import { levelFor } from '../../redis/unavailable.ts';
import type { QueueWorker } from '../worker/queue-worker.ts';
import type { EventObserver } from './event-queue.ts';
import { eventBody, eventTypeOf, type WaitingEvent } from './waiting-event.ts';

export interface EventRelayDeps {
  /** Name of the webhook → events that it subscribes to. */
  readonly webhooks: ReadonlyMap<string, { readonly types: readonly EventType[] }>;
  readonly cursor: JournalCursor;
  readonly facts: ReadMessageFacts;
  readonly add: (events: readonly WaitingEvent[]) => Promise<void>;
  readonly prefix: string;
  readonly observer: EventObserver;
  readonly logger: Logger;
}

/** Journal entries per step. */
const BATCH = 200;
/** Pause between reads while the journal has nothing new. */
const IDLE_MS = 100;
const TROUBLE_MS = 2_000;
/** Longest wait for a step on close; ample while Redis is reachable. */
const LAST_WORDS_MS = 2_000;

/**
 * Copies journal entries into the event queue: adds the jobs, then advances the webhook's cursor. After a crash in
 * between the cursor is unchanged, and the same job ids make the repeated step harmless. Replicas may run it concurrently.
 * @returns one step for one webhook; it resolves to whether more entries may follow
 */
export function createRelayStep({ webhooks, cursor, facts, add, prefix, observer, logger }: EventRelayDeps) {
  const eventsOf = (webhook: string, entries: readonly JournalEntry[]): Promise<WaitingEvent[]> => {
    const wanted = entries.flatMap((entry) => {
      const type = eventTypeOf(entry);
      return type !== undefined && webhooks.get(webhook)?.types.includes(type) ? [{ type, entry }] : [];
    });
    return Promise.all(
      wanted.map(async ({ type, entry }) => ({
        id: `e-${hash('event', prefix, webhook, entry.seq)}`,
        webhook,
        tries: 0,
        body: eventBody(type, entry, entry.kind === 'message' ? await facts(entry.message) : undefined),
      })),
    );
  };
  const reportLost = (webhook: string, { lost }: JournalBatch): void => {
    if (lost === 0) return;
    observer.webhookEvents(webhook, 'lost', lost ?? 1);
    logger.error({ webhook, entries: lost }, 'events lost: journal trimmed before a webhook read them');
  };

  return async (webhook: string): Promise<boolean> => {
    const look = await cursor.look(webhook, BATCH);
    if (look.from === look.to) return false;
    await add(await eventsOf(webhook, look.entries));
    if (await cursor.pass(webhook, look)) reportLost(webhook, look);
    return true;
  };
}

/** Runs steps while the process runs; without webhooks it does nothing. */
export function startEventRelay(deps: EventRelayDeps): QueueWorker {
  const step = createRelayStep(deps);
  const leaving = new AbortController();
  const { signal } = leaving;

  const run = async (webhook: string): Promise<void> => {
    while (!signal.aborted) {
      const waitMs = await step(webhook).then(
        (more) => (more ? 0 : IDLE_MS),
        (error: unknown) => {
          deps.logger[levelFor(error, 'warn')]({ err: error, webhook }, 'events could not be queued; they wait in the journal');
          return TROUBLE_MS;
        },
      );
      if (waitMs > 0) await pause(waitMs, undefined, { signal }).catch(() => undefined);
    }
  };
  const done = Promise.all([...deps.webhooks.keys()].map(run));

  return {
    isRunning: () => !signal.aborted,
    notFetching: () => undefined,
    abort: () => leaving.abort(),
    // A step that waits for an unreachable Redis may be abandoned: the next one repeats it.
    close: async () => {
      leaving.abort();
      await Promise.race([done, pause(LAST_WORDS_MS, undefined, { ref: false })]);
    },
  };
}
