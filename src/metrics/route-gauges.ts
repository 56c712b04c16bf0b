import { MICRO } from '../limit/budget/money.ts';
import type { RouteLane } from '../overview/lanes.ts';
import type { Instruments } from './register.ts';

/** Of a provider's circuit breaker; the position is the value of the gauge. */
export const CIRCUIT_STATES = ['closed', 'half_open', 'open'] as const;
/** `recovering` is half open as well, after a trial that was accepted. */
export type CircuitState = (typeof CIRCUIT_STATES)[number] | 'recovering';

/** What one dispatcher knows of its routes: how many of their providers it may use, and what a message costs. */
export interface RouteGauges {
  circuit(provider: string, state: CircuitState): void;
  paused(provider: string, until: Date): void;
  /** The routes from now on, all their providers working. */
  routesOf(lanes: readonly RouteLane[]): void;
  /** Sets the gauges: a pause ends by itself. */
  refresh(now: number): void;
}

/** A provider counts as up when its circuit is closed or a trial has passed, and it did not ask to be left alone. */
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
        // The country that is worst off decides.
        m.routeProvidersUp.set({ route }, Math.min(...own.map(({ providers }) => providers.filter(isUp).length)));
        const prices = own.flatMap(({ price }) => (price === undefined ? [] : [price.cheapest]));
        if (prices.length > 0) m.routePrice.set({ route }, Math.min(...prices) / MICRO);
      }
    },
  };
}
