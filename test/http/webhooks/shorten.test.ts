import { expect, test } from 'vitest';
import { clip, shorten } from '../../../src/http/webhooks/webhook-alerts.ts';

test.each([
  ['short', 10, 'short'],
  ['exactly ten', 11, 'exactly ten'],
  ['one more than ten', 10, 'one mor...'],
  ['ends in a space', 10, 'ends in...'],
  ['ab\u{1f600}\u{1f600}\u{1f600}', 7, 'ab\u{1f600}...'],
  ['abc\u{1f600}\u{1f600}\u{1f600}', 7, 'abc...'],
])('%j in %i is %j', (text, max, expected) => {
  expect(shorten(text, max)).toBe(expected);
});

test('no length cuts a pair in two or exceeds its limit', () => {
  const text = '\u{1f600}'.repeat(10);
  for (let max = 3; max <= 20; max += 1) {
    for (const cut of [clip(text, max), shorten(text, max)]) {
      expect(() => encodeURIComponent(cut)).not.toThrow();
      expect(cut.length).toBeLessThanOrEqual(max);
    }
  }
});
