import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { E164 } from '../../src/alert/phone/phone.ts';
import { orderProviders, type ProviderChoice, type ProviderPlan, providersOf, shares } from '../../src/policy/provider-order.ts';

const MALAYSIA = '+60123456789' as E164;
const CHINA = '+8613800138000' as E164;
/** A number that passes although no calling code is known for it. */
const NOWHERE = '+999123456789' as E164;

const heavy = { name: 'heavy', weight: 3 };
const light = { name: 'light', weight: 1 };
const order = (providers: readonly ProviderChoice[], id = 'm-1') => orderProviders({ providers }, MALAYSIA, id);

/** How often each is the first choice of so many messages. */
function firsts(providers: readonly ProviderChoice[], count = 20_000): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let n = 0; n < count; n += 1) {
    const first = order(providers, `m-${n}`)[0] as string;
    counts[first] = (counts[first] ?? 0) + 1;
  }
  return counts;
}

describe('names without weights', () => {
  test('stand in the order of the file for every message', () => {
    for (let n = 0; n < 50; n += 1) expect(order(['b', 'a', 'c'], `m-${n}`)).toEqual(['b', 'a', 'c']);
  });
});

describe('weights', () => {
  test('share the first choice in their proportion', () => {
    const { heavy: three = 0, light: one = 0 } = firsts([heavy, light, 'spare']);
    expect(three + one).toBe(20_000);
    expect(three / 20_000).toBeCloseTo(0.75, 1);
    expect(Math.abs(three - 15_000)).toBeLessThan(400);
  });

  test('share in proportion among those that are left, too', () => {
    const big = { name: 'big', weight: 6 };
    const seconds = Array.from({ length: 20_000 }, (_, n) => order([big, heavy, light], `m-${n}`)).filter(([first]) => first === 'big');
    const share = seconds.filter(([, second]) => second === 'heavy').length / seconds.length;
    expect(Math.abs(share - 0.75)).toBeLessThan(0.02);
  });

  test('share only among neighbours: what stands before comes first, what stands after last', () => {
    const seen = new Set(Array.from({ length: 200 }, (_, n) => order(['first', heavy, light, 'last'], `m-${n}`).join(' ')));
    expect(seen).toEqual(new Set(['first heavy light last', 'first light heavy last']));
  });

  test('may be fractions, and each order is a share of its own', () => {
    expect(
      firsts(
        [
          { name: 'a', weight: 0.001 },
          { name: 'b', weight: 1000 },
        ],
        500,
      ),
    ).toEqual({ b: 500 });
    expect(shares([heavy, light, 'x', { ...heavy, name: 'y' }, 'z', 'w'])).toEqual([
      [heavy, light],
      ['x'],
      [{ ...heavy, name: 'y' }],
      ['z'],
      ['w'],
    ]);
  });

  test('of a provider that is taken out go to the others, and move no text between those', () => {
    const all = [heavy, light, { name: 'third', weight: 2 }];
    for (let n = 0; n < 500; n += 1) {
      expect(order([heavy, light], `m-${n}`)).toEqual(order(all, `m-${n}`).filter((name) => name !== 'third'));
    }
  });
});

test('an order names each provider of the plan once, and is the same whenever it is asked for', () => {
  const choice = (name: string) =>
    fc.oneof(fc.constant(name), fc.record({ name: fc.constant(name), weight: fc.double({ min: 1e-3, max: 1000, noNaN: true }) }));
  fc.assert(
    fc.property(fc.tuple(choice('a'), choice('b'), choice('c'), choice('d')), fc.string(), (providers, id) => {
      const given = order(providers, id);
      expect(given.toSorted()).toEqual(['a', 'b', 'c', 'd']);
      expect(order(providers, id)).toEqual(given);
    }),
  );
});

describe('an order of its own for a calling code', () => {
  const plan: ProviderPlan = { providers: ['a', 'b'], countries: { '86': ['cn', 'b'], '8': ['wrong'] } };

  test('takes the place of the general one for its numbers, and for no others', () => {
    expect(orderProviders(plan, CHINA, 'm')).toEqual(['cn', 'b']);
    expect(orderProviders(plan, MALAYSIA, 'm')).toEqual(['a', 'b']);
    expect(orderProviders(plan, NOWHERE, 'm')).toEqual(['a', 'b']);
  });

  test('may hold weights', () => {
    const weighted: ProviderPlan = { providers: ['a'], countries: { '86': [heavy, light] } };
    const seen = new Set(Array.from({ length: 100 }, (_, n) => orderProviders(weighted, CHINA, `m-${n}`)[0]));
    expect(seen).toEqual(new Set(['heavy', 'light']));
  });

  test('counts among the providers of the plan', () => {
    expect(providersOf(plan)).toEqual(['a', 'b', 'wrong', 'cn']);
    expect(providersOf({ providers: [heavy, 'heavy', light] })).toEqual(['heavy', 'light']);
  });
});
