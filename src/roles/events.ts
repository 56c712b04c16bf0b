import type { EventReceiver } from '../channel/event-webhook.ts';
import { createReadMessageFacts } from '../ledger/history/message-facts.ts';
import { createJournalCursor } from '../ledger/journal/journal-cursor.ts';
import { createEventQueue, createEventWorker } from '../queue/events/event-queue.ts';
import { startEventRelay } from '../queue/events/event-relay.ts';
import type { QueueWorker } from '../queue/worker/queue-worker.ts';
import type { Closer, Ground } from './ground.ts';

/**
 * Journal → events → whoever is told of them. A part of the dispatchers, which are the ones that may call out. The worker runs
 * also where nobody is configured: what waits for a webhook that was taken out is to end in sight.
 */
export async function startTelling(ground: Ground, closers: Closer[]): Promise<QueueWorker[]> {
  const { config, logger, commands, keys, clock, metrics } = ground;
  const { prefix } = config.redis;
  const now = () => clock.now();
  const receivers = new Map<string, EventReceiver>();
  for (const [name, webhook] of config.events) {
    const { openEventReceiver } = await import('../channel/event-webhook.ts');
    const receiver = openEventReceiver(webhook, now);
    closers.push(() => receiver.close());
    receivers.set(name, receiver);
  }
  metrics.learnWebhooks([...receivers.keys()]);
  const events = createEventQueue(commands, prefix);
  closers.push(() => events.close());
  return [
    startEventRelay({
      webhooks: config.events,
      cursor: createJournalCursor(commands, keys),
      facts: createReadMessageFacts(commands, keys),
      add: events.add,
      prefix,
      observer: metrics,
      logger,
    }),
    createEventWorker({ ...ground.workerDeps(), receivers, observer: metrics, now, random: Math.random }),
  ];
}
