import { expect, test } from 'vitest';
import { parseOptions } from './options.ts';

test('a full bench runs every scenario three times', () => {
  const { rounds, counts, json } = parseOptions([]);
  expect(rounds).toBe(3);
  expect(json).toBe(false);
  expect(Object.keys(counts)).toEqual(expect.arrayContaining(['a', 'b', 'c', 'd', 'e', 'f', 'h1', 'h2', 'h4', 'latency of ours']));
});

test('a quick bench runs one round, without the scenarios of several processes', () => {
  const { rounds, counts } = parseOptions(['--quick']);
  expect(rounds).toBe(1);
  expect(Object.keys(counts)).toEqual(expect.arrayContaining(['a', 'b', 'c', 'd', 'e', 'f']));
  expect(Object.keys(counts)).not.toContain('h1');
  expect(Object.keys(counts)).not.toContain('g kannel');
});

test.each([
  [
    ['--quick', '--only', 'h'],
    ['h1', 'h2', 'h4'],
  ],
  [
    ['--only', 'b,a'],
    ['a', 'b'],
  ],
  [
    ['--quick', '--only', 'a, h2'],
    ['a', 'h2'],
  ],
])('%j runs %j', (args, expected) => {
  expect(Object.keys(parseOptions(args).counts)).toEqual(expected);
});

test('options of a backlog are read, and no other scenario runs', () => {
  expect(parseOptions(['--backlog', '40000', '--only', 'resting'])).toMatchObject({
    counts: {},
    backlog: { count: 40_000, only: ['resting'] },
  });
});

test.each([
  [['--rounds', '0'], '--rounds must be a whole number above 0, not "0"'],
  [['--rounds', '2.5'], 'not "2.5"'],
  [['--rounds', ''], 'not ""'],
  [['--rounds', '1e3'], 'not "1e3"'],
  [['--backlog', 'many'], '--backlog must be a whole number above 0, not "many"'],
  [['--backlog=-1'], 'not "-1"'],
  [['--only', 'b,x'], '--only names no scenario x; there are a, b'],
  [['--only', ''], '--only names no scenario'],
  [['--only', 'toString'], '--only names no scenario toString'],
])('%j is refused', (args, message) => {
  expect(() => parseOptions(args)).toThrow(message);
});
