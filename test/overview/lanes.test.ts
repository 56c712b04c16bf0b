import { expect, test } from 'vitest';
import { lanesOf } from '../../src/overview/lanes.ts';
import { loadYaml } from '../config/load-yaml.ts';

const secrets = 'accountSid: AC00000000000000000000000000000000, authToken: "00000000000000000000000000000000", from: "+15005550006"';
const lanes = (routes: string, more = '', providers = '') =>
  lanesOf(
    loadYaml(`
providers:
  a: { type: twilio, ${secrets} }
  b: { type: twilio, ${secrets} }
  china: { type: twilio, ${secrets}, countries: ["86"] }
  desk: { type: simulated }
${providers}
routes:
${routes}
${more}`).config,
  ).map(({ route, countries, providers: names, simulated, price }) => [
    `${route} ${countries?.join(',') ?? '*'}: ${names.join(' ')}${simulated ? ' (simulated)' : ''}`,
    ...(price === undefined ? [] : [price.cheapest, price.dearest]),
  ]);

test.each<[string, string, string, unknown[][]]>([
  ['one list', '  - { name: default, providers: [a, b] }', '', [['default *: a b']]],
  [
    'a provider of one country beside one of all',
    '  - { name: default, providers: [china, a] }',
    '',
    [['default 86: china a'], ['default *: a']],
  ],
  ['a provider of one country alone', '  - { name: default, providers: [china] }', '', [['default *: china']]],
  [
    'an order of its own for a country',
    '  - { name: default, providers: [a], countries: { "49": [b] } }',
    '',
    [['default 49: b'], ['default *: a']],
  ],
  [
    'countries that share their providers are one lane',
    '  - { name: default, providers: [a], countries: { "49": [b], "43": [b] } }',
    'countries: ["49", "43", "60"]',
    [['default 49,43: b'], ['default 60: a']],
  ],
  ['no provider may text what the config allows', '  - { name: default, providers: [china] }', 'countries: ["60"]', [['default *: ']]],
  [
    'what no route matches takes every real provider',
    '  - { name: pages, match: { severity: critical }, providers: [b] }',
    '',
    [['pages *: b'], ['none 86: a b china'], ['none *: a b']],
  ],
  ['simulated alone', '  - { name: default, providers: [desk] }', '', [['default *: desk (simulated)']]],
  [
    'prices',
    '  - { name: default, providers: [a, b] }',
    'money: { currency: USD, prices: { a: { "60": 0.05, other: 0.2 }, b: { other: 0.1 } }, budgets: { day: { soft: 5, hard: 10 } } }',
    [['default *: a b', 50_000, 100_000]],
  ],
  [
    'prices of the countries that the config allows',
    '  - { name: default, providers: [a, b] }',
    'countries: ["60"]\nmoney: { currency: USD, prices: { a: { "60": 0.05, other: 0.2 }, b: { other: 0.1 } }, budgets: { day: { soft: 5, hard: 10 } } }',
    [['default *: a b', 50_000, 50_000]],
  ],
])('the lanes of a route: %s', (_what, routes, more, expected) => {
  expect(lanes(routes, more)).toEqual(expected);
});
