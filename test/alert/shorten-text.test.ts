import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countSegments, cutText, shortenText } from '../../src/alert/segments.ts';

describe('a text that is too long', () => {
  test.each<[name: string, text: string, max: number, shortened: string]>([
    ['in GSM-7 keeps its alphabet', 'a'.repeat(161), 1, `${'a'.repeat(157)}...`],
    ['in GSM-7 over two parts', 'a'.repeat(400), 2, `${'a'.repeat(303)}...`],
    ['with a character of two septets at the cut', `${'a'.repeat(156)}€${'a'.repeat(10)}`, 1, `${'a'.repeat(156)}...`],
    ['in Chinese', '磁'.repeat(71), 1, `${'磁'.repeat(69)}…`],
    ['in Chinese over two parts', '磁'.repeat(200), 2, `${'磁'.repeat(133)}…`],
    ['with a family at the cut', `${'磁'.repeat(60)}👨‍👩‍👧‍👦${'磁'.repeat(20)}`, 1, `${'磁'.repeat(60)}…`],
    ['of which only the tail is not GSM-7', `${'a'.repeat(200)}磁`, 1, `${'a'.repeat(157)}...`],
    ['with a space at the cut', `${'a'.repeat(156)} ${'a'.repeat(10)}`, 1, `${'a'.repeat(156)}...`],
    ['that is one character', `e${'\u0323'.repeat(200)}`, 1, '…'],
  ])('%s', (_name, text, max, shortened) => {
    expect(shortenText(text, max, 'gsm7')).toBe(shortened);
  });

  test('is cut by the rule of the carrier', () => {
    expect(shortenText('a'.repeat(160), 1, 'gsm7')).toBe('a'.repeat(160));
    expect(shortenText('a'.repeat(160), 1, 'ucs2')).toBe(`${'a'.repeat(69)}…`);
  });
});

test('any text comes out whole or as a head that fits, ends in dots, and would not fit with one character more', () => {
  const unit = fc.oneof(
    fc.constantFrom('a', ' ', '€', '磁', '😀', '👨‍👩‍👧‍👦', 'e\u0301', '\r\n', '🇲🇾', '…'),
    fc.string({ unit: 'grapheme', maxLength: 2 }),
  );
  const anyText = fc.oneof(
    fc.array(unit, { maxLength: 300 }).map((units) => units.join('')),
    fc.string({ unit: fc.constantFrom('a', '€', ' ', '\r\n'), maxLength: 900 }),
  );
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 4 }), fc.constantFrom('gsm7', 'ucs2'), (text, max, rule) => {
      const shortened = shortenText(text, max, rule);
      expect(countSegments(shortened, rule)).toBeLessThanOrEqual(max);
      if (countSegments(text, rule) <= max) {
        expect(shortened).toBe(text);
        return;
      }
      const head = shortened.replace(/(?:…|\.\.\.)$/, '');
      expect(head).not.toBe(shortened);
      expect(text.startsWith(head)).toBe(true);
      const ends = [0, ...[...new Intl.Segmenter().segment(text)].map(({ index, segment }) => index + segment.length)];
      expect(ends.some((end) => text.slice(0, end).trimEnd() === head)).toBe(true);
      const next = ends.find((end) => text.slice(0, end).trimEnd().length > head.length) as number;
      const longer = text.slice(0, next).trimEnd();
      for (const ending of ['…', '...']) expect(countSegments(longer + ending, rule)).toBeGreaterThan(max);
    }),
    { numRuns: 300 },
  );
});

describe('a text of more characters than a vendor takes', () => {
  const family = '👨‍👩‍👧‍👦';

  test.each<[name: string, text: string, said: string]>([
    ['as many as it takes stay', 'x'.repeat(1600), 'x'.repeat(1600)],
    ['keeps its head, in GSM-7 where it was', `CRITICAL: ${'x'.repeat(1600)}`, `CRITICAL: ${'x'.repeat(1587)}...`],
    ['keeps its head in Chinese', '你'.repeat(1601), `${'你'.repeat(1599)}…`],
    ['has no character cut in two', `CRITICAL: ${family.repeat(200)}`, `CRITICAL: ${family.repeat(144)}…`],
  ])('%s', (_name, text, said) => {
    expect(cutText(text, 1600)).toBe(said);
    expect(said.length).toBeLessThanOrEqual(1600);
  });
});
