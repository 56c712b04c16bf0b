import type { ConfigFinding } from '../finding.ts';
import { list, type Quote, record, type Section } from '../source/raw-file.ts';
import type { Path } from '../source/yaml-source.ts';

interface Place {
  readonly name: string;
  readonly path: Path;
}

/** A simulated provider after a real one accepts messages that the real one rejected, and they reach no phone. */
export function simulatedFaults(file: Section, quote: Quote): ConfigFinding[] {
  return list(file.routes).flatMap((route, index) => {
    if (record(route).allowSimulated === true) return [];
    const places = placesOf(route, index);
    const simulated = places.filter(({ name }) => typeOf(file, name) === 'simulated');
    if (!places.some(({ name }) => isReal(file, name))) return [];
    return simulated.map(({ path }) => ({
      path,
      message: `simulated provider ${quote(path)} in a route with real ones: messages that it accepts reach no phone`,
      hint: 'remove it, or set allowSimulated: true on the route',
      hideValue: true,
    }));
  });
}

/** Warns of a route with simulated providers only, in a file that has real ones. */
export function simulatedWarnings(file: Section): ConfigFinding[] {
  if (!Object.keys(record(file.providers)).some((name) => isReal(file, name))) return [];
  return list(file.routes).flatMap((route, index) => {
    const places = placesOf(route, index);
    if (places.length === 0 || !places.every(({ name }) => typeOf(file, name) === 'simulated')) return [];
    return [{ path: ['routes', index], message: 'reaches no phone: its providers are simulated', hideValue: true }];
  });
}

/** Returns the simulated providers without a price, in a file that has real ones. */
export function unpricedSimulated(
  providers: Readonly<Record<string, { readonly type: string }>>,
  prices: Readonly<Record<string, Readonly<Record<string, number>>>>,
): string[] {
  const names = Object.keys(providers).filter((name) => providers[name]?.type === 'simulated');
  if (names.length === Object.keys(providers).length) return [];
  return names.filter((name) => Object.keys(prices[name] ?? {}).length === 0);
}

/** Returns the places where a route names providers: its own order, and those of countries. */
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
