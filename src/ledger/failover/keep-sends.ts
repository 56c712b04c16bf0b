import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import type { Redis } from '../../redis/connect.ts';
import { CONFIRMED_KEPT_MS, createRecent } from '../../redis/failover/recent.ts';
import { watchServer } from '../../redis/failover/server-change.ts';
import type { Keys } from '../../redis/keys.ts';
import { RedisUnavailableError } from '../../redis/unavailable.ts';
import type { Admission, AttemptRequest, Ledger, Move, Opened, Restored, Sent } from '../ledger.ts';

interface KeepSendsDeps {
  /** The connection of the ledger. */
  readonly redis: Redis;
  readonly keys: Keys;
  readonly clock: Clock;
  /** Repeats a write until Redis takes it. */
  readonly retryUntilStored: <T>(write: () => Promise<T>) => Promise<T>;
  /** Called once for each failover that lost some of them. */
  readonly onRestored: (counts: Readonly<Record<Exclude<Restored, 'there'>, number>>) => void;
  /** See {@link SETTLE_MS}. */
  readonly settleMs?: number;
}

/** Delay after a failover before messages of older alerts are sent again, so that each process can compare the ledger with its memory. */
const SETTLE_MS = 3_000;
/** How long after a failover a missing entry is waited for, since its alert may be routed again. */
const ENTRY_WAIT_MS = 120_000;
const AT_ONCE = 100;
/** How long counted outcomes are remembered: longer than the alert of a lost entry may take to be routed again. */
const COUNTED_KEPT_MS = 600_000;

/**
 * Wraps a ledger so that requests to providers survive the loss of writes in a failover. The process remembers those of
 * the last minute. When another server becomes the primary, it restores what that server lacks, before any message of
 * an older alert is sent.
 */
export function keepSends(ledger: Ledger, deps: KeepSendsDeps): { readonly ledger: Ledger; close(): void } {
  const { redis, keys, clock, retryUntilStored, onRestored, settleMs = SETTLE_MS } = deps;
  const recent = createRecentSends();
  const counted = createRecent<true>({ keepMs: COUNTED_KEPT_MS });
  let restoring: Promise<void> | undefined;
  /** Time of the last failover by the Redis clock. */
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
      // Includes what the old server confirmed after the first comparison.
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

  /** Whether this process already counted this outcome: a failover may lose it, and then it is recorded a second time. */
  const countedBefore = (outcome: string): boolean => {
    const before = counted.get(outcome) === true;
    counted.set(outcome, true);
    return before;
  };

  const countedOnce = (admission: Admission, alertId: string): Admission =>
    admission.kind === 'admitted' && admission.fresh ? { ...admission, fresh: !countedBefore(alertId) } : admission;

  /**
   * Makes a call that opens an attempt, once older ones are restored. The reply may be from the old server; the repeated call, with the
   * same token, goes to the new one.
   */
  const onOneServer = async <Result>(receivedAt: number, call: () => Promise<Result>): Promise<Result> => {
    for (;;) {
      server.look();
      if (receivedAt <= failedOverAt) await restoring;
      const change = server.changedAt();
      const result = await call();
      server.look();
      if (server.changedAt() === change) return result;
    }
  };
  const remember = (request: AttemptRequest, opened: Opened | undefined): void => {
    if (opened?.kind === 'opened') recent.opened(request, opened.number, clock.now().getTime() + request.leaseMs);
  };

  return {
    ledger: {
      ...ledger,
      admit: async (alert, run) => countedOnce(await ledger.admit(alert, run), alert.id),
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
        const opened = await onOneServer(request.receivedAt, () => ledger.openAttempt(request));
        remember(request, opened);
        if (opened.kind === 'missing' && isRecent()) throw awaited();
        return opened;
      },
      async begin(request) {
        const { alert, attempt } = request;
        const begun = await onOneServer(attempt.receivedAt, () => ledger.begin(request));
        remember(attempt, begun.opened);
        return { ...begun, admission: countedOnce(begun.admission, alert.id) };
      },
      async move(move, slot) {
        const { attempt } = move;
        if (attempt === undefined) return ledger.move(move, slot);
        server.look();
        const number = recent.numberOf(attempt.token) ?? attempt.number;
        const own = { ...move, attempt: { ...attempt, number } };
        // Must precede the write: a write whose reply is pending can be lost like a confirmed one.
        const sent = recent.closed(own);
        const moved = await ledger.move(own, slot);
        if (moved === 'missing' && sent !== undefined && isRecent()) await retryUntilStored(() => ledger.restore(sent));
        return moved;
      },
    },
    close: server.close,
  };
}

/** Requests to providers of the last minute, and those in flight. */
interface RecentSends {
  opened(request: AttemptRequest, number: number, leaseUntil: number): void;
  /** Records the end of a request and returns the entry. A refused one is removed: nothing was sent, so its loss does no harm. */
  closed(move: Move): Sent | undefined;
  /** Sets a new number for a restored attempt whose own number was taken. */
  renumber(token: string, number: number): void;
  /** Number of an attempt in flight. */
  numberOf(token: string): number | undefined;
  list(): readonly Sent[];
}

function createRecentSends(now?: () => number): RecentSends {
  const underWay = new Map<string, Sent>();
  const ended = createRecent<Sent>({ keepMs: CONFIRMED_KEPT_MS, ...(now && { now }) });
  return {
    opened({ messageId, token, record }, number, leaseUntil) {
      underWay.set(token, { messageId, token, number, record, leaseUntil });
    },
    closed(move) {
      const { attempt, messageId } = move;
      if (attempt === undefined) return undefined;
      const { token, number, record } = attempt;
      const { leaseUntil = 0 } = underWay.get(token) ?? {};
      underWay.delete(token);
      if (record.result === 'refused') {
        ended.delete(token);
        return undefined;
      }
      const sent = { messageId, token, number, record, leaseUntil, move };
      ended.set(token, sent);
      return sent;
    },
    renumber(token, number) {
      const open = underWay.get(token);
      if (open !== undefined) underWay.set(token, { ...open, number });
    },
    numberOf: (token) => underWay.get(token)?.number,
    list: () => [...ended.values(), ...underWay.values()],
  };
}
