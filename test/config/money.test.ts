import { describe, expect, it } from 'vitest';
import { loadYaml } from './load-yaml.ts';

const config = (money: string, { a = '', routed = 'a, b' } = {}) =>
  `providers:
  a: { type: simulated, ${a} }
  b: { type: simulated }
routes:
  - { name: default, providers: [${routed}] }
money: { currency: USD, ${money} }
`;
const told = (yaml: string) =>
  loadYaml(yaml)
    .warnings.filter(({ path }) => path.startsWith('money'))
    .map(({ path, message }) => `${path}: ${message}`);

it('Sums become micro-units, and a budget without a soft limit is soft up to the hard one', () => {
  const { money } = loadYaml(
    config('prices: { a: { "60": 0.0079, other: 0.1 } }, budgets: { hour: { soft: 5, hard: 10 }, day: { hard: 0.3 } }'),
  ).config;
  expect(money).toEqual({
    currency: 'USD',
    prices: new Map([['a', { '60': 7_900, other: 100_000 }]]),
    budgets: { hour: { soft: 5_000_000, hard: 10_000_000 }, day: { soft: 300_000, hard: 300_000 } },
  });
});

it('beside real providers a simulated one without a price costs nothing, and needs none', () => {
  const mixed = (prices: string) => `providers:
  desk: { type: simulated }
  wire: { type: sns, region: ap-southeast-1 }
routes:
  - { name: default, providers: [wire] }
  - { name: trial, providers: [desk] }
money: { currency: USD, prices: { ${prices} }, budgets: { day: { hard: 1 } } }
`;
  const pricesOf = (prices: string) => Object.fromEntries(loadYaml(mixed(prices)).config.money?.prices ?? []);
  expect(pricesOf('wire: { other: 1 }')).toEqual({ wire: { other: 1_000_000 }, desk: { other: 0 } });
  expect(told(mixed('wire: { other: 1 }'))).toEqual([]);
  expect(pricesOf('wire: { other: 1 }, desk: { other: 2 }')).toMatchObject({ desk: { other: 2_000_000 } });
});

describe('a budget', () => {
  const guess = (names: string) =>
    `money.prices: no price for some countries through ${names}: their messages count at the highest configured price`;
  it.each([
    ['over prices for all is well', config('prices: { a: { other: 1 }, b: { other: 1 } }, budgets: { day: { hard: 1 } }'), []],
    [
      'over no price at all is never used up',
      config('budgets: { day: { hard: 1 } }'),
      ['money.budgets: have no effect: no prices configured'],
    ],
    ['over a provider without prices', config('prices: { a: { other: 1 } }, budgets: { day: { hard: 1 } }'), [guess('b')]],
    ['over a country without a price', config('prices: { a: { "60": 1 }, b: { other: 1 } }, budgets: { day: { hard: 1 } }'), [guess('a')]],
    [
      'over all the countries that a provider may text is well',
      config('prices: { a: { "60": 1 }, b: { other: 1 } }, budgets: { day: { hard: 1 } }', { a: 'countries: ["60"]' }),
      [],
    ],
    [
      'over a provider that no route uses needs no price of it',
      config('prices: { a: { other: 1 } }, budgets: { day: { hard: 1 } }', { routed: 'a' }),
      [],
    ],
    [
      'of nothing',
      config('prices: { a: { other: 1 }, b: { other: 1 } }, budgets: { day: { soft: 0, hard: 0 } }'),
      ['money.budgets.day.hard: only free messages are sent'],
    ],
    ['that is not there needs no price', config('prices: { a: { "60": 1 } }'), []],
  ])('%s', (_what, yaml, warnings) => {
    expect(told(yaml)).toEqual(warnings);
  });
});
