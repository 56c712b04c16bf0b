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
  /** Name of the webhook → what it is told. */
  readonly webhooks: ReadonlyMap<string, { readonly types: readonly EventType[] }>;
  readonly cursor: JournalCursor;
  readonly facts: ReadMessageFacts;
  readonly add: (events: readonly WaitingEvent[]) => Promise<void>;
  readonly prefix: string;
  readonly observer: EventObserver;
  readonly logger: Logger;
}

/** Entries in one step. */
const BATCH = 200;
/** Between looks at a journal that has nothing new. */
const IDLE_MS = 100;
const TROUBLE_MS = 2_000;
/** Ample for a step on a Redis that is there. */
const LAST_WORDS_MS = 2_000;

/**
 * Carries the journal over into the queue of events: first adds the jobs, then moves the webhook's place on. Whoever dies in
 * between leaves it where it was, and what is added again bears the same job ids. Any number of replicas may do so at a time.
 * @returns one step for one webhook; resolves to whether there may be more
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
    logger.error({ webhook, entries: lost }, 'the journal was cut before a webhook was told of all that stood in it: events are lost');
  };

  return async (webhook: string): Promise<boolean> => {
    const look = await cursor.look(webhook, BATCH);
    if (look.from === look.to) return false;
    await add(await eventsOf(webhook, look.entries));
    if (await cursor.pass(webhook, look)) reportLost(webhook, look);
    return true;
  };
}

/** Steps for as long as the process works; with nobody to tell it does nothing. */
export function startEventRelay(deps: EventRelayDeps): QueueWorker {
  const step = createRelayStep(deps);
  const leaving = new AbortController();
  const { signal } = leaving;

  const run = async (webhook: string): Promise<void> => {
    while (!signal.aborted) {
      const waitMs = await step(webhook).then(
        (more) => (more ? 0 : IDLE_MS),
        (error: unknown) => {
          deps.logger[levelFor(error, 'warn')]({ err: error, webhook }, 'events wait: they could not be queued');
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
    // A step that waits for a Redis that is away may be left: the next one makes it again.
    close: async () => {
      leaving.abort();
      await Promise.race([done, pause(LAST_WORDS_MS, undefined, { ref: false })]);
    },
  };
}
