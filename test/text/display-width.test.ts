import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { clipToWidth, displayWidth, padToWidth } from '../../src/text/display-width.ts';
import { formatTable } from '../../src/text/format-table.ts';
import { wrapText } from '../../src/text/wrap-text.ts';

/** Texts that people write into names, with the columns that a terminal gives them. */
const WIDTHS: readonly (readonly [what: string, text: string, columns: number])[] = [
  ['Latin letters', 'on-call', 7],
  ['Chinese characters', '值班张伟', 8],
  ['Chinese and Latin', '值班 A组', 8],
  ['characters beyond the first plane', '𠮷野家', 6],
  ['Japanese kana', 'カタカナ', 8],
  ['half-width kana', 'ｶﾅ', 2],
  ['full-width Latin', 'ＯＰＳ', 6],
  ['the ideographic space', '张　伟', 6],
  ['Korean syllables', '당직', 4],
  ['an emoji', '🔥', 2],
  ['an emoji of several code points', '👨‍👩‍👧', 2],
  ['an emoji with a skin tone', '👍🏽', 2],
  ['a flag', '🇨🇳', 2],
  ['a letter with a combining accent', 'Zoe\u0308', 3],
  ['a zero-width space', 'a\u200bb', 2],
  ['a control character, which is shown escaped', 'a\u0007', 7],
  ['an override of direction, which is shown escaped', '\u202e', 6],
  ['nothing', '', 0],
];

test.each(WIDTHS)('%s: %j takes %i columns', (_what, text, columns) => {
  expect(displayWidth(text)).toBe(columns);
});

/** Any mix of such texts. */
const written = fc.array(fc.constantFrom(...WIDTHS.map(([, text]) => text), ' '), { maxLength: 8 }).map((parts) => parts.join(''));

describe('a text', () => {
  it('is padded to exactly the columns that it lacks, and never cut', () => {
    fc.assert(
      fc.property(written, fc.nat(60), (text, width) => {
        const padded = padToWidth(text, width);
        expect(displayWidth(padded)).toBe(Math.max(width, displayWidth(text)));
        expect(padded.startsWith(text)).toBe(true);
      }),
    );
  });

  it('is clipped to at most the columns that there are, between two characters', () => {
    fc.assert(
      fc.property(written, fc.nat(40), (text, width) => {
        const clipped = clipToWidth(text, width);
        expect(displayWidth(clipped)).toBeLessThanOrEqual(width);
        if (displayWidth(text) <= width) expect(clipped).toBe(text);
        else expect(text.startsWith(clipped.replace(/…$/, ''))).toBe(true);
      }),
    );
    expect(clipToWidth('值班张伟', 6)).toBe('值班…');
    expect(clipToWidth('值班👨‍👩‍👧!', 6)).toBe('值班…');
    expect(clipToWidth('值班张伟', 1)).toBe('…');
  });

  it('is wrapped where its columns are used up', () => {
    expect(wrapText('值班 张伟 李娜 王芳', 9)).toEqual(['值班 张伟', '李娜 王芳']);
    expect(wrapText('值班 张伟 李娜', 8, '  ')).toEqual(['值班', '  张伟', '  李娜']);
    expect(wrapText('Zoe\u0308 Zoe\u0308', 7)).toEqual(['Zoe\u0308 Zoe\u0308']);
  });
});

describe('a table', () => {
  it('has its columns below each other, whatever script its names are in', () => {
    expect(
      formatTable([
        ['NAME', 'PHONE', 'STATE'],
        ['张伟', '+86*******000', 'accepted'],
        ['on-call 值班', '+49*******678', 'failed'],
        ['🔥 Zoe\u0308', '+1*******001', 'delivered'],
      ]).split('\n'),
    ).toEqual([
      'NAME          PHONE          STATE',
      '张伟          +86*******000  accepted',
      'on-call 值班  +49*******678  failed',
      '🔥 Zoe\u0308        +1*******001   delivered',
    ]);
  });

  it('begins each column at the same place of every line', () => {
    fc.assert(
      fc.property(fc.array(written, { minLength: 1, maxLength: 6 }), (names) => {
        const lines = formatTable(names.map((name) => [name, '|'])).split('\n');
        expect(new Set(lines.map((line) => displayWidth(line.slice(0, line.lastIndexOf('|'))))).size).toBe(1);
      }),
    );
  });

  it('keeps a name with a line feed or a tab in its row', () => {
    expect(formatTable([['Ops\n\tTeam', 'x']])).toBe('Ops Team  x');
  });
});
