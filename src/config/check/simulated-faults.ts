import type { ConfigFinding } from '../finding.ts';
import { list, type Quote, record, type Section } from '../source/raw-file.ts';
import type { Path } from '../source/yaml-source.ts';

interface Place {
  readonly name: string;
  readonly path: Path;
}

/** A simulated provider in a failover order takes a text that a real one refused, and no phone is reached. */
export function simulatedFaults(file: Section, quote: Quote): ConfigFinding[] {
  return list(file.routes).flatMap((route, index) => {
    if (record(route).allowSimulated === true) return [];
    const places = placesOf(route, index);
    const simulated = places.filter(({ name }) => typeOf(file, name) === 'simulated');
    if (!places.some(({ name }) => isReal(file, name))) return [];
    return simulated.map(({ path }) => ({
      path,
      message: `simulated provider ${quote(path)} in a route with real ones: what it takes reaches no phone`,
      hint: 'take it out, or say allowSimulated: true on the route',
      hideValue: true,
    }));
  });
}

/** A route that reaches no phone, in a file that could reach some. */
export function simulatedWarnings(file: Section): ConfigFinding[] {
  if (!Object.keys(record(file.providers)).some((name) => isReal(file, name))) return [];
  return list(file.routes).flatMap((route, index) => {
    const places = placesOf(route, index);
    if (places.length === 0 || !places.every(({ name }) => typeOf(file, name) === 'simulated')) return [];
    return [{ path: ['routes', index], message: 'reaches no phone: its providers are simulated', hideValue: true }];
  });
}

/** The simulated providers without a price, in a file that has real ones. */
export function unpricedSimulated(
  providers: Readonly<Record<string, { readonly type: string }>>,
  prices: Readonly<Record<string, Readonly<Record<string, number>>>>,
): string[] {
  const names = Object.keys(providers).filter((name) => providers[name]?.type === 'simulated');
  if (names.length === Object.keys(providers).length) return [];
  return names.filter((name) => Object.keys(prices[name] ?? {}).length === 0);
}

/** Where a route names providers: in its own order, and in those of countries. */
function placesOf(route: unknown, index: number): Place[] {
  const { providers, countries } = record(route);
  const orders: [unknown, Path][] = [
    [providers, ['routes', index, 'providers']],
    ...Object.entries(record(countries)).map(([code, own]): [unknown, Path] => [own, ['routes', index, 'countries', code]]),
  ];
  return orders.flatMap(([order, path]) =>
    list(order).flatMap((choice, place): Place[] => {
      if (typeof choice === 'string') return [{ name: choice, path: [...path, place] }];
      const { name } = record(choice);
      return typeof name === 'string' ? [{ name, path: [...path, place, 'name'] }] : [];
    }),
  );
}

function typeOf(file: Section, provider: string): unknown {
  return record(record(file.providers)[provider]).type;
}

function isReal(file: Section, provider: string): boolean {
  const type = typeOf(file, provider);
  return typeof type === 'string' && type !== 'simulated';
}
