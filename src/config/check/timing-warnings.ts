import type { Finding } from '../finding.ts';
import type { ParsedConfig } from '../schema/schema.ts';

/** A Redis that fails over or writes its disk out, a machine that is short of CPU: all of it takes seconds. */
const SHORTEST_LOCK_MS = 5_000;

/**
 * How long a run takes is no matter of the lock, which is renewed all the while, every quarter or half of it; and no
 * setting can make a lost one a second text: an attempt is held by its lease in the ledger, which is its provider's
 * timeout and a margin, whatever became of the lock. Two relations are left that cost something:
 * - A lock that runs out in an ordinary hiccup gives work away whose owner is well. Its run is called off, the message
 *   waits for the lease to end, and it is counted as one more that its worker left behind.
 * - A provider that may take longer than the grace has its calls cut off by an ordinary restart, each an unknown outcome. Who grants none at all knows.
 */
export function timingWarnings({ worker, shutdown, providers }: ParsedConfig): Finding[] {
  const short: Finding[] =
    worker.lock >= SHORTEST_LOCK_MS
      ? []
      : [
          {
            path: ['worker', 'lock'],
            message: 'a Redis that is away for a moment makes others take over work whose owner is well',
            hint: `at least ${SHORTEST_LOCK_MS / 1000}s`,
          },
        ];
  const cutOff = Object.entries(providers).flatMap(([name, { timeoutMs }]): Finding[] => {
    if (timeoutMs <= shutdown.grace || shutdown.grace === 0) return [];
    const message = `longer than shutdown.grace (${shutdown.grace / 1000}s): a restart gives up its slow calls as unknown outcomes`;
    return [{ path: ['providers', name, 'timeout'], message, hint: `shutdown: { grace: ${Math.ceil(timeoutMs / 1000) + 5}s }` }];
  });
  return [...short, ...cutOff];
}
