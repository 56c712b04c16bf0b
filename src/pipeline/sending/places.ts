import { type Severity, severityRank } from '../../alert/severity.ts';
import type { ProviderName } from '../../provider/contract/provider.ts';

/** Retries per second for one resting provider: enough to probe it, without load. */
export const RETURNS_PER_SECOND = 20;

/**
 * Schedules when messages return that wait for a resting provider. Each gets a turn, so that many messages are spread
 * over a longer time: 40,000 that return together would block all others repeatedly. Criticals have their own turns.
 * Each process has its own schedule.
 */
export interface ReturnSchedule {
  /** Returns the first free turn at `until` or later. */
  turnAt(provider: string, urgent: boolean, until: Date): Date;
  /** The provider serves again: the schedule restarts. */
  clear(provider: string, urgent: boolean): void;
}

export function createReturnSchedule(perSecond = RETURNS_PER_SECOND): ReturnSchedule {
  /** Provider and urgency → next free turn, ms since the epoch. */
  const free = new Map<string, number>();
  const laneOf = (provider: string, urgent: boolean) => `${urgent ? 'urgent' : 'rest'} ${provider}`;
  return {
    turnAt(provider, urgent, until) {
      const lane = laneOf(provider, urgent);
      const at = Math.max(until.getTime(), free.get(lane) ?? 0);
      free.set(lane, at + 1000 / perSecond);
      return new Date(at);
    },
    clear: (provider, urgent) => void free.delete(laneOf(provider, urgent)),
  };
}

/** Maximum time that a message waits for a place while it holds a worker slot, ms. */
const PATIENCE_MS = 250;
/** Minimum delay of a message without a place, ms. */
const SHORTEST_RETURN_MS = 500;

/**
 * Worker slots beyond `worker.concurrency`. A provider whose calls hang or whose pace is slow holds at most the
 * configured concurrency; the reserve serves the messages of all others.
 */
function reserveOf(concurrency: number): number {
  return Math.max(4, Math.ceil(concurrency / 4));
}

/** Number of messages that a dispatcher processes at the same time. */
export function slotsOf(concurrency: number): number {
  return concurrency + reserveOf(concurrency);
}

interface Occupancy {
  /** Configured concurrency. */
  readonly concurrency: number;
  /** Places held at this provider. */
  readonly held: number;
  /** Places held at all providers. */
  readonly total: number;
}

/**
 * Whether one more message may take a place at a provider. The share of one provider shrinks with the free places, so
 * that places remain however many providers hang; a provider without any gets the last one.
 */
export function mayTake({ concurrency, held, total }: Occupancy): boolean {
  const free = slotsOf(concurrency) - total;
  if (free <= 0) return false;
  if (held === 0) return true;
  const freeThen = free - 1;
  return held + 1 <= Math.min(concurrency, 4 * freeThen);
}

/** Place of one message, which holds at most one. */
export interface Place {
  /** Releases its place and takes one at this provider. Resolves to false when none becomes free in time. */
  moveTo(provider: ProviderName): Promise<boolean>;
  leave(): void;
}

/**
 * Places of messages at providers. A message holds one from before its turn in the pacer until the provider's response
 * is judged.
 */
export interface Places {
  open(severity: Severity): Place;
  /** Returns when a message without a place comes back; each severity has its own turns. */
  turnAt(provider: ProviderName, severity: Severity, now: Date): Date;
}

interface Waiter {
  readonly provider: ProviderName;
  readonly severity: Severity;
  grant(): void;
}

/** @param patienceMs maximum wait for a place; only for tests */
export function createPlaces(concurrency: number, patienceMs = PATIENCE_MS): Places {
  const held = new Map<ProviderName, number>();
  let total = 0;
  /** Ordered by severity, then by age. */
  let line: readonly Waiter[] = [];
  // As many return as can wait at the same time: no faster provider ever lacks messages.
  const returns = createReturnSchedule((1000 / PATIENCE_MS) * reserveOf(concurrency));

  const tryTake = (provider: ProviderName): boolean => {
    const own = held.get(provider) ?? 0;
    if (!mayTake({ concurrency, held: own, total })) return false;
    held.set(provider, own + 1);
    total += 1;
    return true;
  };
  const release = (provider: ProviderName): void => {
    const left = (held.get(provider) ?? 1) - 1;
    if (left === 0) held.delete(provider);
    else held.set(provider, left);
    total -= 1;
    for (const waiter of line) if (tryTake(waiter.provider)) waiter.grant();
  };
  const mustQueue = (provider: ProviderName, severity: Severity) =>
    line.some((other) => other.provider === provider && severityRank(other.severity) >= severityRank(severity));

  const wait = (provider: ProviderName, severity: Severity): Promise<boolean> =>
    new Promise((resolve) => {
      const end = (taken: boolean) => {
        clearTimeout(timer);
        line = line.filter((other) => other !== waiter);
        resolve(taken);
      };
      const waiter: Waiter = { provider, severity, grant: () => end(true) };
      const timer = setTimeout(() => end(false), patienceMs);
      line = [...line, waiter].sort((a, b) => severityRank(b.severity) - severityRank(a.severity));
    });

  return {
    open(severity) {
      let at: ProviderName | undefined;
      const leave = () => {
        const left = at;
        at = undefined;
        if (left !== undefined) release(left);
      };
      return {
        async moveTo(provider) {
          leave();
          const taken = (!mustQueue(provider, severity) && tryTake(provider)) || (await wait(provider, severity));
          if (taken) at = provider;
          return taken;
        },
        leave,
      };
    },
    turnAt: (provider, severity, now) =>
      returns.turnAt(`${severity} ${provider}`, severity === 'critical', new Date(now.getTime() + SHORTEST_RETURN_MS)),
  };
}
