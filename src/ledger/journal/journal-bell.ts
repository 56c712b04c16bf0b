import { setTimeout as pause } from 'node:timers/promises';
import { asUnavailable, withinDeadline } from '../../redis/unavailable.ts';
import type { Journal } from './journal.ts';

/** Rings when something has become of an alert or one of its messages. */
export interface Bell {
  /** Resolves at the first ring since it was hung or last heard, after `ms` at the latest. Rejects when Redis is away. One at a time. */
  heard(ms: number): Promise<void>;
  close(): void;
}

const POLL_MS = 100;
const BATCH = 1_000;
const DEADLINE_MS = 2_500;

interface Rope {
  readonly alertId: string;
  rung: boolean;
  failure: unknown;
  wake: () => void;
}

/** One reader of the journal for all bells, and none while there is no bell. Resolves to a bell that misses nothing from then on. */
export function createJournalBells(journal: Journal): (alertId: string) => Promise<Bell> {
  const ropes = new Set<Rope>();
  let begun: Promise<void> | undefined;

  const pull = (pulled: (rope: Rope) => boolean, failure?: unknown): void => {
    for (const rope of ropes) {
      if (!pulled(rope)) continue;
      rope.rung = true;
      rope.failure = failure;
      rope.wake();
    }
  };

  const read = async (from: string | undefined): Promise<void> => {
    let seq = from;
    while (ropes.size > 0) {
      const entries = await withinDeadline(journal.since(seq, BATCH), DEADLINE_MS);
      seq = entries.at(-1)?.seq ?? seq;
      const alerts = new Set(entries.map((entry) => (entry.kind === 'alert' ? entry.alert.id : entry.message.alertId)));
      pull(({ alertId }) => alerts.has(alertId));
      if (entries.length < BATCH) await pause(POLL_MS);
    }
    // In the same breath as the last look at the ropes: the next one begins anew.
    begun = undefined;
  };

  const begin = async (): Promise<void> => {
    const head = await withinDeadline(journal.head(), DEADLINE_MS);
    void read(head).catch((error: unknown) => {
      begun = undefined;
      pull(() => true, asUnavailable(error));
    });
  };

  return async (alertId) => {
    const rope: Rope = { alertId, rung: false, failure: undefined, wake: () => undefined };
    ropes.add(rope);
    begun ??= begin();
    await begun.catch((error: unknown) => {
      begun = undefined;
      ropes.delete(rope);
      throw error;
    });
    return {
      async heard(ms) {
        if (!rope.rung) {
          const timer = setTimeout(() => rope.wake(), ms);
          await new Promise<void>((resolve) => {
            rope.wake = resolve;
          });
          clearTimeout(timer);
        }
        rope.rung = false;
        if (rope.failure !== undefined) throw rope.failure;
      },
      close: () => {
        ropes.delete(rope);
        rope.wake();
      },
    };
  };
}
