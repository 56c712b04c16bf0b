import type { Config } from '../config/config.ts';
import { priceRange } from '../limit/budget/price.ts';
import { anyProvider, NO_ROUTE } from '../pipeline/routing/fit-providers.ts';
import { type ProviderChoice, type ProviderPlan, providersOf } from '../policy/provider-order.ts';

/** The providers that can send the messages of a route to some countries: while none of them works, no such message is sent. */
export interface RouteLane {
  readonly route: string;
  /** Calling codes; `null` = all that no other lane of the route has. */
  readonly countries: readonly string[] | null;
  /** In failover order; empty when the config allows no provider for the route. */
  readonly providers: readonly string[];
  /** True when the providers are simulated. Simulated providers are left out of a lane that has real ones. */
  readonly simulated: boolean;
  /** Price of a message of one segment in micro-units: lowest, and to the most expensive country; absent without prices. */
  readonly price?: { readonly cheapest: number; readonly dearest: number };
}

/** The providers, and which of them serve each route. */
export interface SendingSetup {
  /** Name → type, in the order of the config. */
  readonly providers: Readonly<Record<string, string>>;
  readonly routes: readonly RouteLane[];
}

const REST = 'rest';

/** Returns every lane of every route. Countries that no provider of the route may send to are left out, unless those are all. */
export function lanesOf({
  routes,
  providers,
  countries,
  money,
}: Pick<Config, 'routes' | 'providers' | 'countries' | 'money'>): RouteLane[] {
  const mayText = (name: string, code: string) => {
    const own = providers.get(name)?.countries;
    return own === undefined || own.includes(code);
  };
  const isSimulated = (name: string) => providers.get(name)?.type === 'simulated';

  // Alerts without a matching route use every provider, so that none is dropped.
  const isComplete = routes.some(({ match }) => Object.keys(match).length === 0);
  const rest = isComplete ? [] : [{ name: NO_ROUTE, ...anyProvider({ providers }) }];
  return [...routes, ...rest].flatMap((route: ProviderPlan & { readonly name: string }) => {
    const named = [...Object.keys(route.countries ?? {}), ...providersOf(route).flatMap((name) => providers.get(name)?.countries ?? [])];
    const codes = countries ?? [...new Set(named), REST];
    const lanes = new Map<string, { countries: string[]; providers: string[] }>();
    for (const code of codes) {
      const list = namesOf(
        (route.countries && Object.hasOwn(route.countries, code) ? route.countries[code] : undefined) ?? route.providers,
      );
      const able = list.filter((name) => mayText(name, code));
      const real = able.filter((name) => !isSimulated(name));
      const carriers = real.length > 0 ? real : able;
      if (carriers.length === 0) continue;
      const key = [...carriers].sort().join(' ');
      const lane = lanes.get(key) ?? { countries: [], providers: carriers };
      lane.countries.push(code);
      lanes.set(key, lane);
    }
    if (lanes.size === 0) return [{ route: route.name, countries: null, providers: [], simulated: false }];
    const isOnly = lanes.size === 1;
    return [...lanes.values()].map((lane): RouteLane => {
      const reached = isOnly || lane.countries.includes(REST) ? null : lane.countries;
      const price =
        money && money.prices.size > 0 ? priceRange(money, lane.providers, countries === undefined ? reached : lane.countries) : undefined;
      return {
        route: route.name,
        countries: reached,
        providers: lane.providers,
        simulated: lane.providers.every(isSimulated),
        ...(price && { price }),
      };
    });
  });
}

function namesOf(choices: readonly ProviderChoice[]): string[] {
  return choices.map((choice) => (typeof choice === 'string' ? choice : choice.name));
}

/** Returns the providers and routes of a process with this config. */
export function sendingSetup(config: Parameters<typeof lanesOf>[0]): SendingSetup {
  return { providers: Object.fromEntries([...config.providers].map(([name, { type }]) => [name, type])), routes: lanesOf(config) };
}
