import { createTraces } from '../../ledger/history/redis-traces.ts';
import type { AlertTrace } from '../../ledger/history/trace.ts';
import { isSettled, OutcomeTimeoutError, waitForOutcome } from '../../ledger/history/wait-for-outcome.ts';
import { createJournal } from '../../ledger/journal/journal.ts';
import { createJournalSubscriptions } from '../../ledger/journal/journal-subscription.ts';
import type { Redis } from '../../redis/connect.ts';
import type { Keys } from '../../redis/keys.ts';
import { withinDeadline } from '../../redis/unavailable.ts';
import type { Producer } from './producer-port.ts';

const TIMEOUT_MS = 30_000;
/** It is looked at this often even where the journal says nothing, having been cut. */
const LOOK_MS = 2_000;
/** Together with that, less than the 5 s within which a Redis that is silent counts as away. */
const DEADLINE_MS = 2_500;

/** However many wait, one of them reads the journal, and a trace is read only when something has become of its alert. */
export function createWaitFor(redis: Redis, keys: Keys, ready: () => Promise<void> = async () => undefined): Producer['waitFor'] {
  const traces = createTraces(redis, keys);
  const read = { alert: (id: string) => withinDeadline(traces.alert(id), DEADLINE_MS) };
  const subscribe = createJournalSubscriptions(createJournal(redis, keys));

  const wait = async (alertId: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<AlertTrace> => {
    const subscription = await subscribe(alertId);
    const onAbort = () => subscription.close();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const trace = await waitForOutcome(read, alertId, timeoutMs, async (leftMs) => {
        signal?.throwIfAborted();
        await subscription.next(Math.min(leftMs, LOOK_MS));
        signal?.throwIfAborted();
      });
      if (trace === undefined || !isSettled(trace)) throw new OutcomeTimeoutError(alertId, timeoutMs, trace);
      return trace;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      subscription.close();
    }
  };
  return async (alertId, { timeoutMs = TIMEOUT_MS, signal } = {}) => {
    signal?.throwIfAborted();
    // From JavaScript: without an id it would wait for nobody, and until NaN for ever.
    if (typeof alertId !== 'string' || alertId === '') throw new TypeError('waitFor: give it the id that enqueue returned');
    if (typeof timeoutMs !== 'number' || Number.isNaN(timeoutMs))
      throw new TypeError('waitFor: timeoutMs must be a number of milliseconds');
    await ready();
    return wait(alertId, timeoutMs, signal);
  };
}
