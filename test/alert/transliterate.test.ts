import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isGsm7 } from '../../src/alert/segments.ts';
import { transliterate } from '../../src/alert/transliterate.ts';

describe('a text that can be said in GSM-7', () => {
  test.each([
    ['“Disk” isn’t full – 95 %…', '"Disk" isn\'t full - 95 %...'],
    ['• load\u00a0high\t→ check `df`', "- load high -> check 'df'"],
    ['garçon, Łódź, Škoda, Hồ Chí Minh, œuvre', 'garcon, Lodz, Skoda, Ho Chi Minh, oeuvre'],
    ['café naïve Größe Ñandú', 'café naive Größe Ñandu'],
    ['cafe\u0301 x\u030c', 'café x'],
    ['85°C, 5 µs, 3×4, ±2, ≤5, ≠0, m²', '85degC, 5 us, 3x4, +/-2, <=5, !=0, m^2'],
    ['₹500 and €5', 'INR500 and €5'],
    ['（ＯＫ）：ﬁne', '(OK):fine'],
    ['soft\u00adhyphen\u200b\u200e', 'softhyphen'],
    ['plain [text]', 'plain [text]'],
  ])('%s', (text, plain) => {
    expect(transliterate(text)).toBe(plain);
  });

  test.each(['磁盘满 – 95 %', '“Готово”', 'done ✅ – now', '1½ “hours”', 'keycap 1️⃣', '10⁶ – much', '½', '≮ 5', 'ⓘ①', '\u0000–'])(
    'and one that cannot stays as it is: %s',
    (text) => {
      expect(transliterate(text)).toBe(text);
    },
  );
});

test('any text comes out in GSM-7 or untouched', () => {
  const latin = fc.integer({ min: 0x20, max: 0x2fff }).map((code) => String.fromCodePoint(code));
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: latin, maxLength: 5 }), fc.string({ unit: 'binary', maxLength: 5 })), (text) => {
      const plain = transliterate(text);
      if (plain !== text) expect(isGsm7(plain)).toBe(true);
      expect(transliterate(plain)).toBe(plain);
    }),
    { numRuns: 2000 },
  );
});
