import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import type { Message } from '../../../src/pipeline/message.ts';
import { anyProvider, fitProviders, isSimulated, simulatedRoutes } from '../../../src/pipeline/routing/fit-providers.ts';

type Given = Pick<Config, 'providers' | 'routes'>;

/** Providers whose names begin with `sim` are simulated. */
function configOf(names: readonly string[], routes: unknown[] = []): Given {
  return {
    providers: new Map(names.map((name) => [name, { type: name.startsWith('sim') ? 'simulated' : 'twilio' }])),
    routes,
  } as unknown as Given;
}
const message = (facts: object) => ({ id: 'm-1', to: '+60123456789', route: 'pages', providers: ['gone'], ...facts }) as unknown as Message;

describe('a message of another config', () => {
  const config = configOf(['a', 'b', 'c'], [{ name: 'pages', providers: ['b', 'a'], countries: { '65': ['c'] } }]);
  test.each([
    ['keeps its providers while one of them is left', { providers: ['gone', 'c'] }, ['gone', 'c']],
    ['takes those that its route has now', {}, ['b', 'a']],
    ['takes those that its route has now for its country', { to: '+6581234567' }, ['c']],
    ['takes all where its route is gone as well', { route: 'gone' }, ['a', 'b', 'c']],
  ])('%s', (_what, given, providers) => {
    expect(fitProviders(message(given), config)?.providers).toEqual(providers);
  });
});

describe('between simulated and real providers', () => {
  const pages = (...providers: string[]) => [{ name: 'pages', providers }];
  const trial = { simulated: true, providers: ['sim'] };
  test.each<[what: string, given: object, config: Given, providers: string[] | undefined]>([
    ['what a trial left, whose route is real now, goes nowhere', trial, configOf(['a'], pages('a')), undefined],
    ['so it does where the name is kept and the type is not', { ...trial, providers: ['a'] }, configOf(['a'], pages('a')), undefined],
    ['and where its route is gone', { ...trial, route: 'gone' }, configOf(['a'], pages('a')), undefined],
    [
      'and where the simulator is still there, for another route',
      { ...trial, providers: ['gone'] },
      configOf(['a', 'sim'], pages('a')),
      undefined,
    ],
    ['it keeps the simulators among its providers', { ...trial, providers: ['a', 'sim'] }, configOf(['a', 'sim'], pages('a')), ['sim']],
    ['it takes another simulator of its route', trial, configOf(['sim-b'], pages('sim-b')), ['sim-b']],
    ['a page for real providers goes to no simulator', { providers: ['a'] }, configOf(['sim'], pages('sim')), undefined],
    ['nor where the name is kept and the type is not', { providers: ['sim'] }, configOf(['sim'], pages('sim')), undefined],
    ['it takes another real provider of its route', { providers: ['a'] }, configOf(['b', 'sim'], pages('b')), ['b']],
    ['without a route it takes the real ones', { providers: ['a'], route: 'gone' }, configOf(['sim', 'b']), ['b']],
    ['a mixed order that was insisted on stays', { providers: ['a', 'sim'] }, configOf(['a', 'sim'], pages('a', 'sim')), ['a', 'sim']],
    ['but not for the simulator alone', { providers: ['a', 'sim'] }, configOf(['sim', 'b'], pages('b')), ['b']],
  ])('%s', (_what, given, config, providers) => {
    expect(fitProviders(message(given), config)?.providers).toEqual(providers);
  });

  test('no message ever moves between them, with any configs before and after', () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'sim', 'sim-b'), { minLength: 1 });
    fc.assert(
      fc.property(fc.boolean(), names, names, names, (simulated, providers, now, route) => {
        const config = configOf(now, [{ name: 'pages', providers: route.filter((name) => now.includes(name)) }]);
        const fitting = fitProviders(message({ simulated, providers }), config);
        const known = (fitting?.providers ?? []).filter((name) => config.providers.has(name));
        if (fitting === undefined) return;
        expect(known.length).toBeGreaterThan(0);
        expect(simulated ? known.every((name) => isSimulated(config, name)) : known.some((name) => !isSimulated(config, name))).toBe(true);
      }),
    );
  });
});

test('what no route takes goes to real providers, where there are any', () => {
  expect(anyProvider(configOf(['sim', 'a'])).providers).toEqual(['a']);
  expect(anyProvider(configOf(['sim', 'sim-b'])).providers).toEqual(['sim', 'sim-b']);
});

test('a route is simulated when all of its orders are', () => {
  const routes = [
    { name: 'pages', providers: ['sim'], countries: { '65': ['a'] } },
    { name: 'trial', providers: ['sim'] },
  ];
  expect([...simulatedRoutes(configOf(['sim', 'a'], routes))]).toEqual([
    ['pages', false],
    ['trial', true],
    ['none', false],
  ]);
});
