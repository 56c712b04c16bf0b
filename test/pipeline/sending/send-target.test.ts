import { describe, expect, test } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import { orderTargets, type SendTarget } from '../../../src/pipeline/sending/send-target.ts';

const MALAYSIA = '+60123456789' as E164;
const CHINA = '+8613800138000' as E164;
const USA = '+12025550123' as E164;
/** A number that passes although no calling code is known for it. */
const NOWHERE = '+999123456789' as E164;

function target(name: string, countries?: readonly string[]): SendTarget {
  return {
    provider: { name, send: () => Promise.reject(new Error('nothing is sent here')), close: async () => undefined },
    timeoutMs: 1000,
    countries,
    pace: (_signal, job) => job(),
  };
}

const TARGETS = new Map(
  [target('a'), target('b'), target('c'), target('cn', ['86']), target('asia', ['60', '86']), target('none', [])].map((it) => [
    it.provider.name,
    it,
  ]),
);
const order = (names: string[], to: E164, unresolvedProvider?: string) =>
  orderTargets(names, TARGETS, to, unresolvedProvider).map(({ provider }) => provider.name);

describe('the providers for a number', () => {
  test.each<[name: string, names: string[], to: E164, order: string[]]>([
    ['stand in the order of the route', ['c', 'a', 'b'], MALAYSIA, ['c', 'a', 'b']],
    ['may be none', [], MALAYSIA, []],
    ['leave out what the config no longer has', ['gone', 'a', 'constructor'], MALAYSIA, ['a']],
    ['leave out those that may not text the country', ['cn', 'asia', 'a'], MALAYSIA, ['asia', 'a']],
    ['keep those that may', ['cn', 'asia', 'a'], CHINA, ['cn', 'asia', 'a']],
    ['are none when none may', ['cn', 'asia'], USA, []],
    ['leave out one that may text nowhere', ['none', 'a'], MALAYSIA, ['a']],
    ['are those without a list for a number of no known country', ['cn', 'a'], NOWHERE, ['a']],
  ])('%s', (_name, names, to, expected) => {
    expect(order(names, to)).toEqual(expected);
  });

  test('do not go by the first digits: 1 is no list entry for 86, nor 8 for 86', () => {
    const targets = new Map([['x', target('x', ['1', '8', '6', '+86', '861'])]]);
    expect(orderTargets(['x'], targets, CHINA)).toEqual([]);
  });
});

describe('the provider of the last attempt with unknown outcome', () => {
  test.each<[name: string, names: string[], unresolvedProvider: string, order: string[]]>([
    ['goes last', ['a', 'b', 'c'], 'a', ['b', 'c', 'a']],
    ['stays last', ['a', 'b', 'c'], 'c', ['a', 'b', 'c']],
    ['is taken again when it is the only one', ['a'], 'a', ['a']],
    ['is not brought in when the route does not name it', ['a', 'b'], 'c', ['a', 'b']],
    ['is not brought in when it may not text the country', ['a', 'cn'], 'cn', ['a']],
  ])('%s', (_name, names, unresolvedProvider, expected) => {
    expect(order(names, MALAYSIA, unresolvedProvider)).toEqual(expected);
  });
});
