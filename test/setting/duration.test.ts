import { expect, test } from 'vitest';
import { durationBetween } from '../../src/setting/duration.ts';
import { parseDuration } from '../../src/setting/parse-duration.ts';

test.each([
  ['30s', 30_000],
  ['15m', 900_000],
  ['1h', 3_600_000],
  ['2d', 172_800_000],
  ['250ms', 250],
  ['1h30m', 5_400_000],
  ['1h 30m', 5_400_000],
  ['1.5h', 5_400_000],
  ['0.4ms', 0],
  ['0', 0],
  ['0s', 0],
  ['30', undefined],
  ['-1s', undefined],
  ['1 hour', undefined],
  ['1e3s', undefined],
  ['', undefined],
  ['s', undefined],
])('%s is %s ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  ['1s', true],
  ['1m', true],
  ['999ms', false],
  ['61s', false],
])('%s lies between 1s and 1m: %s', (text, inside) => {
  expect(durationBetween('1s', '1m').safeParse(text).success).toBe(inside);
});
