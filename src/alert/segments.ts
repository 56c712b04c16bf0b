import { graphemes } from '../text/graphemes.ts';

/** The second is for texts in GSM-7, whose alphabet has no `…`. */
const ENDINGS = ['…', '...'] as const;

/**
 * The text, or as much of its head as fits into so many segments, which then ends in `…` or `...`. No character is cut.
 * @param tail said whole after it, in GSM-7
 */
export function shortenText(text: string, maxSegments: number, rule: SegmentRule, tail = ''): string {
  if (countSegments(text + tail, rule) <= maxSegments) return text + tail;
  const chars = [...graphemes(text)];
  const [wide, plain] = ENDINGS.map((ending) => headThatFits(chars, ending + tail, maxSegments, rule)) as [string, string];
  return plain.length - ENDINGS[1].length > wide.length - ENDINGS[0].length ? plain : wide;
}

/** More characters never take fewer segments, so that half of what is left is ruled out at each step. */
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
 * The text, or as much of its head as so many characters hold. In UTF-16 units, of which nobody counts more; no character
 * is cut, and a text in GSM-7 stays in it.
 * @param tail said whole after it, in GSM-7
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
 * How many parts a text takes on air.
 * GSM 03.38 basic set and extension table: https://www.3gpp.org/dynareport/23038.htm (clauses 6.2.1 and 6.2.1.1);
 * 160/153 septets and 70/67 UCS-2 units: 3GPP TS 23.040, clause 9.2.3.24.1.
 */
const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
const EXTENSION = new Set('\f^{}\\[~]|€');

/** `gsm7`: the standard's, 160 septets or 70 units. `ucs2`: 70 units whatever the characters, as mainland China's carriers count. */
export type SegmentRule = 'gsm7' | 'ucs2';

/** Whether the text can travel in the alphabet of 160 characters a part. */
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

/** No character is cut in two: neither an extension from its escape nor an emoji into its halves. */
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
