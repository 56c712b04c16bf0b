import { setTimeout as pause } from 'node:timers/promises';
import { PROVIDER_REASONS } from '../alert/reason.ts';
import { PLANNED_WAITS } from '../ledger/criticals.ts';
import { type BudgetFigures, leftOf, secondsUntilEmpty } from '../limit/budget/budget.ts';
import { MICRO } from '../limit/budget/money.ts';
import { type CapFigures, QUEUE_STATES, type QueueFigures, type RedisFigures } from '../overview/figures.ts';
import type { RouteLane } from '../overview/lanes.ts';
import { DEFERRED_REASONS } from '../pipeline/outcome.ts';
import { ProviderError } from '../provider/contract/provider.ts';
import type { Instruments } from './register.ts';
import type { HeldFigures, SOURCE_NAMES, Sources } from './series.ts';

/** States of a provider's circuit breaker; the index is the value of the gauge. */
export const CIRCUIT_STATES = ['closed', 'half_open', 'open'] as const;
/** `recovering` is half-open after an accepted trial. */
export type CircuitState = (typeof CIRCUIT_STATES)[number] | 'recovering';

/** Gauges of one dispatcher's routes: the number of usable providers, and the price of a message. */
interface RouteGauges {
  circuit(provider: string, state: CircuitState): void;
  paused(provider: string, until: Date): void;
  /** Sets the routes, with all their providers up. */
  routesOf(lanes: readonly RouteLane[]): void;
  /** Sets the gauges; ended pauses no longer count. */
  refresh(now: number): void;
}

/** A provider is up when its circuit is closed or a trial was accepted, and it did not ask for a pause. */
export function createRouteGauges(m: Pick<Instruments, 'routeProvidersUp' | 'routePrice'>): RouteGauges {
  let lanes: readonly RouteLane[] = [];
  const down = new Set<string>();
  const pausedUntil = new Map<string, number>();
  return {
    circuit(provider, state) {
      if (state === 'open' || state === 'half_open') down.add(provider);
      else down.delete(provider);
    },
    paused(provider, until) {
      pausedUntil.set(provider, until.getTime());
    },
    routesOf(next) {
      lanes = next;
      down.clear();
      pausedUntil.clear();
    },
    refresh(now) {
      m.routeProvidersUp.reset();
      m.routePrice.reset();
      const isUp = (name: string) => !down.has(name) && (pausedUntil.get(name) ?? 0) <= now;
      for (const route of new Set(lanes.map((lane) => lane.route))) {
        const own = lanes.filter((lane) => lane.route === route);
        // The country with the fewest providers decides.
        m.routeProvidersUp.set({ route }, Math.min(...own.map(({ providers }) => providers.filter(isUp).length)));
        const prices = own.flatMap(({ price }) => (price === undefined ? [] : [price.cheapest]));
        if (prices.length > 0) m.routePrice.set({ route }, Math.min(...prices) / MICRO);
      }
    },
  };
}

interface ClusterGauges {
  /** Reads the sources and sets the gauges. A source that fails is counted, and its gauges are removed: no figure is better than an outdated one. */
  refresh(): Promise<void>;
}

type SourceName = (typeof SOURCE_NAMES)[number];

export function createClusterGauges(m: Instruments, sources: Sources, boundMs: number): ClusterGauges {
  /** Builds the refresh of one source; `show` gets `undefined` when the source gave nothing in time. */
  const shown = <T>(source: SourceName, read: () => Promise<T>, show: (figures: T | undefined) => void) => {
    const bounded = createBoundedRead(read, boundMs);
    return async () => {
      const figures = await bounded();
      if (figures === undefined) m.scrapeErrors.inc({ source });
      show(figures);
    };
  };
  const refreshers = [
    shown('in_flight', sources.inFlight, (count) => showCount(m.inFlight, count)),
    shown('queues', sources.queues, (figures = []) => showQueues(m, figures)),
    shown(
      'budgets',
      async () => (await sources.budgets?.()) ?? [],
      (figures = []) => showBudgets(m, figures),
    ),
    shown(
      'caps',
      async () => (await sources.caps?.()) ?? [],
      (figures = []) => showCaps(m, figures),
    ),
    ...(sources.held === undefined ? [] : [shown('criticals', sources.held, (held) => showHeld(m, held))]),
    ...(sources.unknown === undefined ? [] : [shown('unknown', sources.unknown, (count) => showCount(m.unknownMessages, count))]),
    ...(sources.redis === undefined ? [] : [shown('redis', sources.redis, (figures) => showRedis(m, figures))]),
  ];
  return { refresh: async () => void (await Promise.all(refreshers.map((refresh) => refresh()))) };
}

function showCount(gauge: Instruments['inFlight'], count: number | undefined): void {
  gauge.remove();
  if (count !== undefined) gauge.set(count);
}

function showQueues(m: Instruments, figures: readonly QueueFigures[]): void {
  for (const gauge of [m.queueJobs, m.queueOldest, m.oldestCritical, m.queuePaused]) gauge.reset();
  for (const { queue, counts, oldestAgeSeconds, oldestCriticalSeconds, paused } of figures) {
    for (const state of QUEUE_STATES) m.queueJobs.set({ queue, state }, counts[state]);
    m.queueOldest.set({ queue }, oldestAgeSeconds);
    m.oldestCritical.set({ queue }, oldestCriticalSeconds);
    m.queuePaused.set({ queue }, paused ? 1 : 0);
  }
}

function showCaps(m: Instruments, figures: readonly CapFigures[]): void {
  for (const gauge of [m.capUsed, m.capLimit]) gauge.reset();
  for (const { cap, used, max, criticalReserve } of figures) {
    m.capUsed.set({ cap }, used);
    m.capLimit.set({ cap, limit: 'max' }, max);
    m.capLimit.set({ cap, limit: 'non_critical' }, max - criticalReserve);
  }
}

/** Reasons for deferring a message, except for those planned by its route. */
const HELD_REASONS: readonly string[] = [
  ...DEFERRED_REASONS.filter((reason) => !(PLANNED_WAITS as readonly string[]).includes(reason)),
  ...PROVIDER_REASONS.filter((reason) => new ProviderError(reason).retry && reason !== 'throttled'),
];

function showHeld(m: Instruments, held: HeldFigures | undefined): void {
  for (const gauge of [m.criticalsHeld, m.criticalHeldSeconds]) gauge.reset();
  if (held === undefined) return;
  for (const reason of HELD_REASONS) m.criticalsHeld.set({ reason }, 0);
  for (const route of held.routes) m.criticalHeldSeconds.set({ route }, 0);
  const oldest = new Map<string, number>();
  for (const { route, reason, count, oldestSeconds } of held.groups) {
    if (HELD_REASONS.includes(reason)) m.criticalsHeld.inc({ reason }, count);
    const label = held.routes.includes(route) ? route : 'other';
    oldest.set(label, Math.max(oldest.get(label) ?? 0, oldestSeconds));
  }
  for (const [route, seconds] of oldest) m.criticalHeldSeconds.set({ route }, seconds);
}

function showRedis(m: Instruments, figures: RedisFigures | null | undefined): void {
  for (const gauge of [m.redisEvictedKeys, m.redisMemoryUsed, m.redisMemoryMax, m.redisUptime]) gauge.remove();
  m.redisDurable.reset();
  if (!figures) return;
  m.redisEvictedKeys.set(figures.evictedKeys);
  m.redisMemoryUsed.set(figures.usedMemoryBytes);
  m.redisMemoryMax.set(figures.maxMemoryBytes);
  m.redisUptime.set(figures.uptimeSeconds);
  m.redisDurable.set({ check: 'append_only' }, figures.appendOnly ? 1 : 0);
  m.redisDurable.set({ check: 'noeviction' }, figures.maxMemoryPolicy === 'noeviction' ? 1 : 0);
  m.redisDurable.set({ check: 'last_write' }, figures.lastWriteOk ? 1 : 0);
}

/** Sets the budget gauges; a period without a budget has an amount spent and no limit. */
function showBudgets(m: Instruments, figures: readonly BudgetFigures[]): void {
  for (const gauge of [m.budgetSpent, m.budgetLimit, m.budgetLeft, m.budgetEmpty]) gauge.reset();
  for (const running of figures) {
    const { period, spent, reserved, budget } = running;
    m.budgetSpent.set({ period }, (spent + reserved) / MICRO);
    if (budget === undefined) continue;
    m.budgetLimit.set({ period, limit: 'soft' }, budget.soft / MICRO);
    m.budgetLimit.set({ period, limit: 'hard' }, budget.hard / MICRO);
    m.budgetLeft.set({ period }, (leftOf(running) ?? 0) / MICRO);
    m.budgetEmpty.set({ period }, secondsUntilEmpty(running) ?? 0);
  }
}

/** Returns the result, or `undefined` for a read that failed or timed out. Never rejects. */
type BoundedRead<T> = () => Promise<T | undefined>;

/**
 * Limits the time of a read that may hang, so that a scrape never hangs. Concurrent callers share one read: scrapes during an outage
 * must not queue commands that Redis has to answer after it recovers. A read without an answer after `lostAfterMs` is given up, and
 * another starts.
 */
export function createBoundedRead<T>(read: () => Promise<T>, boundMs: number, lostAfterMs = 10_000): BoundedRead<T> {
  let current: { readonly startedAt: number; readonly answer: Promise<T | undefined> } | undefined;

  const start = () => {
    const started = {
      startedAt: performance.now(),
      answer: attempt(read).finally(() => {
        if (current === started) current = undefined;
      }),
    };
    return started;
  };

  return async () => {
    if (current === undefined || performance.now() - current.startedAt > lostAfterMs) current = start();
    const over = new AbortController();
    const bound = pause(boundMs, undefined, { signal: over.signal }).catch(() => undefined);
    try {
      return await Promise.race([current.answer, bound]);
    } finally {
      over.abort();
    }
  };
}

/** Runs the read; also handles one that throws synchronously. */
async function attempt<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}
