import type { AlertHistory } from '../../ledger/history/history.ts';
import { createHistories } from '../../ledger/history/redis-histories.ts';
import { isSettled, OutcomeTimeoutError, waitForOutcome } from '../../ledger/history/wait-for-outcome.ts';
import { createJournal } from '../../ledger/journal/journal.ts';
import { createJournalSubscriptions } from '../../ledger/journal/journal-subscription.ts';
import type { Redis } from '../../redis/connect.ts';
import type { Keys } from '../../redis/keys.ts';
import { withinDeadline } from '../../redis/unavailable.ts';
import type { Producer } from './producer-port.ts';

const TIMEOUT_MS = 30_000;
/** Fallback polling interval, in case the journal was trimmed. */
const LOOK_MS = 2_000;
/** Plus {@link LOOK_MS} less than the 5 s after which a silent Redis counts as unreachable. */
const DEADLINE_MS = 2_500;

/** One journal reader serves all callers; a history is read only when the journal has an entry of its alert. */
export function createWaitFor(redis: Redis, keys: Keys, ready: () => Promise<void> = async () => undefined): Producer['waitFor'] {
  const histories = createHistories(redis, keys);
  const read = { alert: (id: string) => withinDeadline(histories.alert(id), DEADLINE_MS) };
  const subscribe = createJournalSubscriptions(createJournal(redis, keys));

  const wait = async (alertId: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<AlertHistory> => {
    const subscription = await subscribe(alertId);
    const onAbort = () => subscription.close();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const history = await waitForOutcome(read, alertId, timeoutMs, async (leftMs) => {
        signal?.throwIfAborted();
        await subscription.next(Math.min(leftMs, LOOK_MS));
        signal?.throwIfAborted();
      });
      if (history === undefined || !isSettled(history)) throw new OutcomeTimeoutError(alertId, timeoutMs, history);
      return history;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      subscription.close();
    }
  };
  return async (alertId, { timeoutMs = TIMEOUT_MS, signal } = {}) => {
    signal?.throwIfAborted();
    // JavaScript callers: without an id, or with NaN, it would wait for ever.
    if (typeof alertId !== 'string' || alertId === '') throw new TypeError('waitFor needs the alert id that enqueue returned');
    if (typeof timeoutMs !== 'number' || Number.isNaN(timeoutMs))
      throw new TypeError('waitFor: timeoutMs must be a number of milliseconds');
    await ready();
    return wait(alertId, timeoutMs, signal);
  };
}
