import { expect, test } from 'vitest';
import { parseDuration } from '../../src/setting/parse-duration.ts';
import { formatDuration, formatElapsed, formatTime } from '../../src/text/format-time.ts';

test.each([
  [-5, '0.00 s'],
  [0, '0.00 s'],
  [734, '0.73 s'],
  [1240, '1.2 s'],
  [12_400, '12 s'],
  [59_600, '1 min 0 s'],
  [125_000, '2 min 5 s'],
  [3_599_600, '1 h 0 min'],
  [3_780_000, '1 h 3 min'],
  [187_200_000, '2 d 4 h'],
])('%d ms is said as %s', (ms, words) => {
  expect(formatElapsed(ms)).toBe(words);
});

test.each([
  [0, '0'],
  [1500, '1s500ms'],
  [30_000, '30s'],
  [5_400_000, '1h30m'],
  [172_800_000, '2d'],
])('a duration of %d ms is written %s, as the config reads it', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
  expect(parseDuration(text)).toBe(ms);
});

test('a time with an offset is shown in UTC', () => {
  expect(formatTime('2026-11-20T11:00:00+08:00')).toBe('2026-11-20 03:00:00 UTC');
});
