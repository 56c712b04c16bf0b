import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countSegments } from '../../src/alert/segments.ts';

/** 3GPP TS 23.038, clause 6.2.1, read row by row as code points; 1B is the escape to the extension table. */
const BASIC = `
  0040 00A3 0024 00A5 00E8 00E9 00F9 00EC 00F2 00C7 000A 00D8 00F8 000D 00C5 00E5
  0394 005F 03A6 0393 039B 03A9 03A0 03A8 03A3 0398 039E      00C6 00E6 00DF 00C9
  0020 0021 0022 0023 00A4 0025 0026 0027 0028 0029 002A 002B 002C 002D 002E 002F
  0030 0031 0032 0033 0034 0035 0036 0037 0038 0039 003A 003B 003C 003D 003E 003F
  00A1 0041 0042 0043 0044 0045 0046 0047 0048 0049 004A 004B 004C 004D 004E 004F
  0050 0051 0052 0053 0054 0055 0056 0057 0058 0059 005A 00C4 00D6 00D1 00DC 00A7
  00BF 0061 0062 0063 0064 0065 0066 0067 0068 0069 006A 006B 006C 006D 006E 006F
  0070 0071 0072 0073 0074 0075 0076 0077 0078 0079 007A 00E4 00F6 00F1 00FC 00E0`;
/** Clause 6.2.1.1. */
const EXTENSION = '000C 005E 007B 007D 005C 005B 007E 005D 007C 20AC';
const chars = (table: string) =>
  table
    .trim()
    .split(/\s+/)
    .map((code) => String.fromCodePoint(Number.parseInt(code, 16)));

describe('known lengths', () => {
  test.each<[name: string, text: string, segments: number]>([
    ['nothing at all', '', 1],
    ['160 letters', 'a'.repeat(160), 1],
    ['161 letters', 'a'.repeat(161), 2],
    ['twice 153', 'a'.repeat(306), 2],
    ['twice 153 and one', 'a'.repeat(307), 3],
    ['three times 153', 'a'.repeat(459), 3],
    ['three times 153 and one', 'a'.repeat(460), 4],
    ['the longest text', 'a'.repeat(1600), 11],
    ['80 euros, two septets each', '€'.repeat(80), 1],
    ['81 euros', '€'.repeat(81), 2],
    ['152 euros, 76 a part since none is cut in two', '€'.repeat(152), 2],
    ['153 euros, which would fit if one could be cut', '€'.repeat(153), 3],
    ['a bracket on the edge of a part', `${'a'.repeat(152)}[${'a'.repeat(152)}`, 3],
    ['a bracket before the edge', `${'a'.repeat(151)}[${'a'.repeat(153)}`, 2],
    ['70 Cyrillic letters', 'я'.repeat(70), 1],
    ['71 Cyrillic letters', 'я'.repeat(71), 2],
    ['twice 67', 'я'.repeat(134), 2],
    ['twice 67 and one', 'я'.repeat(135), 3],
    ['70 of which one is not GSM', `${'a'.repeat(69)}中`, 1],
    ['71 of which one is not GSM', `${'a'.repeat(70)}中`, 2],
    ['160 of which the last is not GSM', `${'a'.repeat(159)}ç`, 3],
    ['35 emoji of two units each', '😀'.repeat(35), 1],
    ['36 emoji', '😀'.repeat(36), 2],
    ['66 emoji, 33 a part since none is cut in two', '😀'.repeat(66), 2],
    ['67 emoji, which would fit if one could be cut', '😀'.repeat(67), 3],
    ['an emoji on the edge of a part', `${'я'.repeat(66)}😀${'я'.repeat(66)}`, 3],
  ])('%s', (_name, text, segments) => {
    expect(countSegments(text)).toBe(segments);
  });
});

describe('the alphabet', () => {
  test('has 127 characters of one septet', () => {
    const basic = chars(BASIC);
    expect(new Set(basic).size).toBe(127);
    for (const char of basic) expect([countSegments(char.repeat(160)), countSegments(char.repeat(161))], char).toEqual([1, 2]);
  });

  test('has 10 characters of two septets', () => {
    const extension = chars(EXTENSION);
    expect(new Set(extension).size).toBe(10);
    for (const char of extension) expect([countSegments(char.repeat(80)), countSegments(char.repeat(81))], char).toEqual([1, 2]);
  });

  test('has no others: one of them makes the whole text UCS-2', () => {
    const gsm: string[] = [];
    for (let code = 0; code <= 0xffff; code += 1) {
      const char = String.fromCharCode(code);
      if (countSegments('a'.repeat(70) + char) === 1) gsm.push(char);
    }
    expect(gsm.sort()).toEqual([...chars(BASIC), ...chars(EXTENSION)].sort());
  });
});

describe('any text', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.string({ unit: fc.constantFrom('a', '€', '['), maxLength: 700 }),
    fc.string({ unit: fc.constantFrom('я', '😀', 'a', '\ud83d'), maxLength: 400 }),
  );

  test('never takes fewer segments than a piece of it', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        expect(countSegments(a + b)).toBeGreaterThanOrEqual(Math.max(countSegments(a), countSegments(b)));
      }),
    );
  });

  test('fits, with at most one unit wasted a part', () => {
    const isGsm = new Set([...chars(BASIC), ...chars(EXTENSION)]);
    const isWide = new Set(chars(EXTENSION));
    fc.assert(
      fc.property(anyText, (text) => {
        const gsm = [...text].every((char) => isGsm.has(char));
        const units = gsm ? [...text].reduce((sum, char) => sum + (isWide.has(char) ? 2 : 1), 0) : text.length;
        const [alone, joined] = gsm ? [160, 153] : [70, 67];
        const segments = countSegments(text);
        if (units <= alone) expect(segments).toBe(1);
        else {
          expect(segments).toBeGreaterThanOrEqual(Math.ceil(units / joined));
          expect(segments).toBeLessThanOrEqual(Math.ceil(units / (joined - 1)));
        }
      }),
    );
  });
});
