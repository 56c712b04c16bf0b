import stringWidth from 'string-width';
import { escapeControls } from './control-characters.ts';
import { graphemes } from './graphemes.ts';

/** Returns how many columns of a terminal a text takes: two for a Chinese character or an emoji, none for a combining mark. */
export function displayWidth(text: string): number {
  // What a terminal obeys is shown escaped: src/cli/terminal/printable-text.ts.
  return stringWidth(escapeControls(text));
}

/** Adds spaces up to this many columns. */
export function padToWidth(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

/** Returns the text, or as much of its head as fits into this many columns together with `…`. No character is cut. */
export function clipToWidth(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let head = '';
  let left = width - 1;
  for (const grapheme of graphemes(text)) {
    left -= displayWidth(grapheme);
    if (left < 0) break;
    head += grapheme;
  }
  return width < 1 ? '' : `${head}…`;
}
