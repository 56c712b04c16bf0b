import { setTimeout as pause } from 'node:timers/promises';
import { asUnavailable, withinDeadline } from '../../redis/unavailable.ts';
import type { Journal } from './journal.ts';

/** Signals new journal entries of an alert or one of its messages. */
export interface JournalSubscription {
  /**
   * Resolves at the first entry since the subscription or the last call, after `ms` at the latest. Rejects when Redis
   * is unreachable. One call at a time.
   */
  next(ms: number): Promise<void>;
  close(): void;
}

const POLL_MS = 100;
const BATCH = 1_000;
const DEADLINE_MS = 2_500;

interface Subscription {
  readonly alertId: string;
  isDue: boolean;
  failure: unknown;
  resume: () => void;
}

/** One journal reader for all subscriptions, running only while there is one. Resolves to a subscription that misses no later entry. */
export function createJournalSubscriptions(journal: Journal): (alertId: string) => Promise<JournalSubscription> {
  const subscriptions = new Set<Subscription>();
  let reading: Promise<void> | undefined;

  const notify = (concerns: (subscription: Subscription) => boolean, failure?: unknown): void => {
    for (const subscription of subscriptions) {
      if (!concerns(subscription)) continue;
      subscription.isDue = true;
      subscription.failure = failure;
      subscription.resume();
    }
  };

  const read = async (from: string | undefined): Promise<void> => {
    let seq = from;
    while (subscriptions.size > 0) {
      const entries = await withinDeadline(journal.since(seq, BATCH), DEADLINE_MS);
      seq = entries.at(-1)?.seq ?? seq;
      const alerts = new Set(entries.map((entry) => (entry.kind === 'alert' ? entry.alert.id : entry.message.alertId)));
      notify(({ alertId }) => alerts.has(alertId));
      if (entries.length < BATCH) await pause(POLL_MS);
    }
    // Must stay synchronous with the loop condition, so that the next subscriber starts a new reader.
    reading = undefined;
  };

  const startReading = async (): Promise<void> => {
    const head = await withinDeadline(journal.head(), DEADLINE_MS);
    void read(head).catch((error: unknown) => {
      reading = undefined;
      notify(() => true, asUnavailable(error));
    });
  };

  return async (alertId) => {
    const subscription: Subscription = { alertId, isDue: false, failure: undefined, resume: () => undefined };
    subscriptions.add(subscription);
    reading ??= startReading();
    await reading.catch((error: unknown) => {
      reading = undefined;
      subscriptions.delete(subscription);
      throw error;
    });
    return {
      async next(ms) {
        if (!subscription.isDue) {
          const timer = setTimeout(() => subscription.resume(), ms);
          await new Promise<void>((resolve) => {
            subscription.resume = resolve;
          });
          clearTimeout(timer);
        }
        subscription.isDue = false;
        if (subscription.failure !== undefined) throw subscription.failure;
      },
      close: () => {
        subscriptions.delete(subscription);
        subscription.resume();
      },
    };
  };
}
