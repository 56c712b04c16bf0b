import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import type { Redis } from '../../redis/connect.ts';
import { createRecent } from '../../redis/failover/recent.ts';
import { watchServer } from '../../redis/failover/server-change.ts';
import type { Keys } from '../../redis/keys.ts';
import { RedisUnavailableError } from '../../redis/unavailable.ts';
import type { Ledger, Restored } from '../ledger.ts';
import { createRecentSends } from './recent-sends.ts';

export interface KeepSendsDeps {
  /** The connection of the ledger. */
  readonly redis: Redis;
  readonly keys: Keys;
  readonly clock: Clock;
  /** Repeats a write until Redis takes it. */
  readonly retryUntilStored: <T>(write: () => Promise<T>) => Promise<T>;
  /** Called once a failover that lost some of them. */
  readonly onRestored: (counts: Readonly<Record<Exclude<Restored, 'there'>, number>>) => void;
  /** See {@link SETTLE_MS}. */
  readonly settleMs?: number;
}

/**
 * After a failover, messages of alerts that were raised before it are sent again only when each process has had this long to
 * compare the ledger with what it remembers.
 */
const SETTLE_MS = 3_000;
/** So long after a failover, an entry that is missing is waited for: its alert may be routed again. */
const ENTRY_WAIT_MS = 120_000;
const AT_ONCE = 100;
/** Longer than the alert of a lost entry may wait until it is routed again. */
const COUNTED_KEPT_MS = 600_000;

/**
 * A ledger whose requests to providers outlive the loss of writes in a failover. The process remembers those of the last minute; when
 * another server takes the writes, it writes again what that one does not hold, before anything is sent that was raised
 * before.
 */
export function keepSends(ledger: Ledger, deps: KeepSendsDeps): { readonly ledger: Ledger; close(): void } {
  const { redis, keys, clock, retryUntilStored, onRestored, settleMs = SETTLE_MS } = deps;
  const recent = createRecentSends();
  const counted = createRecent<true>({ keepMs: COUNTED_KEPT_MS });
  let restoring: Promise<void> | undefined;
  /** By the clock of Redis. */
  let failedOverAt = Number.NEGATIVE_INFINITY;

  const restoreAll = async (counts: Record<Restored, number>): Promise<void> => {
    const sends = recent.list();
    for (let from = 0; from < sends.length; from += AT_ONCE) {
      await Promise.all(
        sends.slice(from, from + AT_ONCE).map(async (sent) => {
          const { kind, number } = await retryUntilStored(() => ledger.restore(sent));
          if (number !== sent.number) recent.renumber(sent.token, number);
          counts[kind] += 1;
        }),
      );
    }
  };
  const onChange = (): void => {
    failedOverAt = clock.now().getTime();
    const before = restoring;
    const run = (async () => {
      await before;
      const counts = { there: 0, kept: 0, restored: 0, doubled: 0 };
      await restoreAll(counts);
      await pause(settleMs, undefined, { ref: false });
      // What the old server confirmed after the first look.
      await restoreAll(counts);
      const { there: _, ...lost } = counts;
      if (Object.values(lost).some((count) => count > 0)) onRestored(lost);
    })();
    restoring = run;
    void run.finally(() => {
      if (restoring === run) restoring = undefined;
    });
  };
  const server = watchServer(redis, keys.inFlight(), onChange);

  const isRecent = () => performance.now() - (server.changedAt() ?? Number.NEGATIVE_INFINITY) < ENTRY_WAIT_MS;
  const awaited = () => new RedisUnavailableError('an entry that was lost in a failover is not there again yet');

  /** Whether this process has counted this outcome before: a failover may lose it, and then it is recorded once more. */
  const countedBefore = (outcome: string): boolean => {
    const before = counted.get(outcome) === true;
    counted.set(outcome, true);
    return before;
  };

  return {
    ledger: {
      ...ledger,
      async admit(alert, run) {
        const admission = await ledger.admit(alert, run);
        if (admission.kind !== 'admitted' || !admission.fresh) return admission;
        return { ...admission, fresh: !countedBefore(alert.id) };
      },
      async settleAlert(alert, run) {
        const settled = await ledger.settleAlert(alert, run);
        return settled === 'recorded' && countedBefore(`${alert.id} ${alert.outcome} ${alert.reason}`) ? 'known' : settled;
      },
      async recall(messageId) {
        const history = await ledger.recall(messageId);
        server.look();
        if (history === undefined && isRecent()) throw awaited();
        return history;
      },
      async openAttempt(request) {
        for (;;) {
          server.look();
          if (request.receivedAt <= failedOverAt) await restoring;
          const change = server.changedAt();
          const opened = await ledger.openAttempt(request);
          server.look();
          // The old server may have answered; asked again with the same token, the new one does.
          if (server.changedAt() !== change) continue;
          if (opened.kind === 'opened') recent.opened(request, opened.number, clock.now().getTime() + request.leaseMs);
          if (opened.kind === 'missing' && isRecent()) throw awaited();
          return opened;
        }
      },
      async move(move) {
        const { attempt } = move;
        if (attempt === undefined) return ledger.move(move);
        server.look();
        const number = recent.numberOf(attempt.token) ?? attempt.number;
        const own = { ...move, attempt: { ...attempt, number } };
        // Before it is written: a write whose reply is on its way may be lost as much as one that was answered.
        const sent = recent.closed(own);
        const moved = await ledger.move(own);
        if (moved === 'missing' && sent !== undefined && isRecent()) await retryUntilStored(() => ledger.restore(sent));
        return moved;
      },
    },
    close: server.close,
  };
}
