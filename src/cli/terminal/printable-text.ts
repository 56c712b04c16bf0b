import { randomInt } from 'node:crypto';
import { styleText } from 'node:util';
import type { Environment } from '../../setting/environment.ts';
import { escapeControls } from '../../text/control-characters.ts';

/** Few, and each with a meaning: wrong, look at it, well, beside the point, the answer. */
const STYLES = ['red', 'yellow', 'green', 'dim', 'bold'] as const;
export type Paint = Readonly<Record<(typeof STYLES)[number], (text: string) => string>>;

/** @param colour whether the reader can see it; without it every text stays as it is */
export function createPaint(colour: boolean | undefined): Paint {
  // Whether a stream can show it was decided before: asking again here would need the stream.
  const painter = (style: keyof Paint) => {
    // The text may hold sequences of somebody else's: only ours are marked.
    const [open = '', close = ''] = styleText(style, '|', { validateStream: false }).split('|').map(ourSequences);
    return (text: string) => (colour && text !== '' ? open + text + close : text);
  };
  return { red: painter('red'), yellow: painter('yellow'), green: painter('green'), dim: painter('dim'), bold: painter('bold') };
}

/**
 * Whether what goes to stdout may be coloured: a terminal reads it and nobody objects. FORCE_COLOR wins over NO_COLOR, as
 * in Node itself. https://no-color.org, https://force-color.org, https://nodejs.org/api/cli.html#force_color1-2-3
 */
export function mayColour(
  isTTY: boolean,
  { NO_COLOR, FORCE_COLOR, TERM }: Pick<Environment, 'NO_COLOR' | 'FORCE_COLOR' | 'TERM'>,
): boolean {
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return !['0', 'false'].includes(FORCE_COLOR);
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  return isTTY && TERM !== 'dumb';
}

/** Unknown outside this process, so that no text from elsewhere can pass for a sequence of ours. */
const MARK = randomInt(100_000_000, 1_000_000_000);
const MARKED = new RegExp(`(\\u001b\\[${MARK};\\d*[mK])`);

/** Marks the control sequences of a text as ours, which {@link printableText} then lets through; they have no width either way. */
function ourSequences(text: string): string {
  return text.replaceAll('\u001b[', `\u001b[${MARK};`);
}

/** Clears the line and returns to its beginning. */
export const CLEAR_LINE = ourSequences('\u001b[K');

/** Returns the text as a terminal may get it: sequences that {@link ourSequences} marked work, all others are escaped. */
export function printableText(text: string): string {
  return text
    .split(MARKED)
    .map((part, index) => (index % 2 === 1 ? unmarked(part) : escapeControls(part)))
    .join('');
}

function unmarked(part: string): string {
  const sequence = part.replace(`${MARK};`, '');
  return sequence.endsWith('K') ? `\r${sequence}` : sequence;
}
