import { describe, expect, it } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import type { Money } from '../../../src/limit/budget/money.ts';
import { chargeOf, costOf, priceOf } from '../../../src/limit/budget/price.ts';

const money: Money = {
  currency: 'USD',
  prices: new Map<string, Readonly<Record<string, number>>>([
    ['twilio', { '60': 25_000, '1': 7_900, other: 80_000 }],
    ['tencent', { '86': 6_000, '60': 31_000 }],
    ['free', { other: 0 }],
  ]),
  budgets: {},
};
const kualaLumpur = '+60123456789' as E164;
const beijing = '+8613800138000' as E164;
const paris = '+33612345678' as E164;

describe('a message', () => {
  it.each<[string, string, E164, number, number | undefined]>([
    ['by its country', 'twilio', kualaLumpur, 1, 25_000],
    ['by its segments', 'twilio', kualaLumpur, 3, 75_000],
    ['like all others where its country has no price', 'twilio', paris, 2, 160_000],
    ['nothing where that is the price', 'free', paris, 2, 0],
    ['nobody knows what in a country without a price', 'tencent', paris, 1, undefined],
    ['nobody knows what at a provider without prices', 'sns', kualaLumpur, 1, undefined],
    ['nobody knows what at a provider named like a part of an object', 'constructor', kualaLumpur, 1, undefined],
  ])('costs %s', (_how, provider, to, segments, price) => {
    expect(priceOf(money, provider, to, segments)).toBe(price);
  });

  it.each<[string, string, E164, number]>([
    ['its price where there is one', 'tencent', beijing, 12_000],
    ['the dearest of its provider where there is none', 'tencent', paris, 62_000],
    ['the dearest of all where its provider has none', 'sns', paris, 160_000],
  ])('counts as %s before the first bill', (_what, provider, to, charge) => {
    expect(chargeOf(money, provider, to, 2)).toBe(charge);
  });

  it('counts as nothing where there is no price at all', () => {
    expect(chargeOf({ ...money, prices: new Map() }, 'sns', paris, 2)).toBe(0);
  });

  it.each([
    ['what the vendor says', { segments: 2, price: { amount: 1_234, currency: 'USD' } }, 1_234],
    ['our price of the segments that the vendor counts', { segments: 2 }, 50_000],
    ['our price where the vendor bills in another currency', { segments: 2, price: { amount: 1_234, currency: 'CNY' } }, 50_000],
  ])('did cost %s', (_what, billed, cost) => {
    expect(costOf(money, 'twilio', kualaLumpur, billed)).toBe(cost);
  });
});
