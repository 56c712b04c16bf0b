import { expect, test } from 'vitest';
import { secondsUntilSteady } from './steady.ts';

const seconds = (...levels: readonly number[]) => levels.flatMap((ms) => Array<number>(10).fill(ms));

test.each([
  ['from its beginning', seconds(10, 10, 10, 10), 0],
  ['after a slow start', seconds(90, 40, 10, 12, 10, 10), 2],
  ['after a late peak before its end', seconds(10, 10, 60, 10, 10, 10), 3],
  ['with a last second that is not whole', [...seconds(50, 10, 10, 10), 10, 10], 1],
])('a run is steady %s', (_, took, expected) => {
  expect(secondsUntilSteady(took, 10)).toBe(expected);
});
