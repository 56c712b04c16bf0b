import { displayWidth } from './display-width.ts';

/**
 * Lines of at most `width` columns of a terminal, broken at spaces; a longer word stands alone. Without a width the text as it is.
 * @param indent before every line but the first
 */
export function wrapText(text: string, width: number | undefined, indent = ''): string[] {
  if (width === undefined || displayWidth(text) <= width) return [text];
  const lines: string[] = [];
  let line = '';
  // Spaces at the beginning are an indentation.
  for (const word of text.split(/(?<=\S) /)) {
    if (line !== '' && displayWidth(line) + 1 + displayWidth(word) > width) {
      lines.push(line);
      line = indent + word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
