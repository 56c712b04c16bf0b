import { describe, expect, test } from 'vitest';
import { matchesPattern, patternFault } from '../../src/policy/linear-pattern.ts';

/** A backtracking engine needs longer than the age of the universe for each. */
const HOSTILE: readonly RegExp[] = [/^(a+)+$/, /^(a|aa)+$/, /^(a*)*b$/, /(.*a){25}$/, /^([a-z]+)*\d$/i, /^(\w+\s?)*$/, /(x+x+)+y/];

describe('a pattern of a route', () => {
  test.each(HOSTILE)('%s is matched against a long value in linear time', (pattern) => {
    expect(patternFault(pattern)).toBeUndefined();
    for (const letter of ['a', 'x']) expect(typeof matchesPattern(pattern, `${letter.repeat(1023)}!`)).toBe('boolean');
    expect(matchesPattern(pattern, '!!!')).toBe(false);
  });

  test.each([
    [/^db-\d+$/, 'db-17', true],
    [/^db-\d+$/, 'web-17', false],
    [/^CHECK/i, 'checkout', true],
    [/pay|bill/, 'the billing team', true],
    [/^pay$/, 'pay\n', false],
    [/(?<team>ops)\b/, 'ops 1', true],
    [/\/v1\//, '/v1/alerts', true],
    [/[\w-]+\.example/, 'a-b.example', true],
    [/^(a+)+$/, 'a'.repeat(1024), true],
  ])('%s in %j: %j', (pattern, value, found) => {
    expect(matchesPattern(pattern, value)).toBe(found);
    expect(matchesPattern(pattern, value)).toBe(pattern.test(value));
  });

  test('matches as before when it is used again', () => {
    expect([1, 2, 3].map(() => matchesPattern(/a/g, 'a'))).toEqual([true, true, true]);
  });

  test.each([/(?=a)b/, /(?!a)b/, /(?<=a)b/, /(?<!a)b/, /(a)\1/, /a{1001}/, /\u0041/])('%s is refused with what RE2 lacks', (pattern) => {
    expect(patternFault(pattern)).toContain('RE2');
  });

  test.each([/((a{100}){100}){100}/, /a{1000}b{1000}c{1000}/])('%s is refused: its program is too large', (pattern) => {
    expect(patternFault(pattern)).toMatch(/too large|count above 1000/);
  });
});
