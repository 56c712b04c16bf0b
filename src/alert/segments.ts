import { graphemes } from '../text/graphemes.ts';

/** The second one is for GSM-7, whose alphabet has no `…`. */
const ENDINGS = ['…', '...'] as const;

/**
 * Shortens a text to a number of segments; a shortened text ends in `…` or `...`. No character is split.
 * @param tail appended in full, in GSM-7
 */
export function shortenText(text: string, maxSegments: number, rule: SegmentRule, tail = ''): string {
  if (countSegments(text + tail, rule) <= maxSegments) return text + tail;
  const chars = [...graphemes(text)];
  const [wide, plain] = ENDINGS.map((ending) => headThatFits(chars, ending + tail, maxSegments, rule)) as [string, string];
  return plain.length - ENDINGS[1].length > wide.length - ENDINGS[0].length ? plain : wide;
}

/** Binary search: more characters never need fewer segments. */
function headThatFits(chars: readonly string[], ending: string, maxSegments: number, rule: SegmentRule): string {
  const shortened = (length: number) => chars.slice(0, length).join('').trimEnd() + ending;
  let fits = 0;
  let tooLong = chars.length;
  while (fits + 1 < tooLong) {
    const middle = Math.floor((fits + tooLong) / 2);
    if (countSegments(shortened(middle), rule) <= maxSegments) fits = middle;
    else tooLong = middle;
  }
  return shortened(fits);
}

/**
 * Shortens a text to a number of characters, counted in UTF-16 units, the largest count any vendor uses. No character
 * is split, and a text in GSM-7 remains in GSM-7.
 * @param tail appended in full, in GSM-7
 */
export function cutText(text: string, maxCharacters: number, tail = ''): string {
  if (text.length + tail.length <= maxCharacters) return text + tail;
  const ending = ENDINGS[isGsm7(text) ? 1 : 0] + tail;
  let head = '';
  for (const grapheme of graphemes(text)) {
    if (head.length + grapheme.length + ending.length > maxCharacters) break;
    head += grapheme;
  }
  return head.trimEnd() + ending;
}

/**
 * Segment counting. GSM 03.38 basic set and extension table: https://www.3gpp.org/dynareport/23038.htm (clauses 6.2.1
 * and 6.2.1.1); 160/153 septets and 70/67 UCS-2 units: 3GPP TS 23.040, clause 9.2.3.24.1.
 */
const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
const EXTENSION = new Set('\f^{}\\[~]|€');

/** `gsm7`: the standard, 160 septets or 70 units. `ucs2`: 70 units for any characters, as carriers in mainland China count. */
export type SegmentRule = 'gsm7' | 'ucs2';

/** Whether the text fits the GSM-7 alphabet, with 160 characters per segment. */
export function isGsm7(text: string): boolean {
  return [...text].every((char) => BASIC.has(char) || EXTENSION.has(char));
}

export function countSegments(text: string, rule: SegmentRule = 'gsm7'): number {
  const chars = [...text];
  const isGsm = rule === 'gsm7' && isGsm7(text);
  return isGsm
    ? fill(
        chars.map((char) => (BASIC.has(char) ? 1 : 2)),
        { alone: 160, joined: 153 },
      )
    : fill(
        chars.map((char) => char.length),
        { alone: 70, joined: 67 },
      );
}

/** Fills segments without splitting a character: neither an escape sequence nor a surrogate pair. */
function fill(widths: readonly number[], room: { readonly alone: number; readonly joined: number }): number {
  if (widths.reduce((sum, width) => sum + width, 0) <= room.alone) return 1;
  let segments = 1;
  let used = 0;
  for (const width of widths) {
    if (used + width > room.joined) {
      segments += 1;
      used = 0;
    }
    used += width;
  }
  return segments;
}
