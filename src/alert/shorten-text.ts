import { graphemes } from '../text/graphemes.ts';
import { countSegments, isGsm7, type SegmentRule } from './segments.ts';

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
