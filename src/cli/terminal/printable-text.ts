import { randomInt } from 'node:crypto';
import { styleText } from 'node:util';
import type { Environment } from '../../setting/environment.ts';
import { escapeControls } from '../../text/control-characters.ts';

/** Styles: error, warning, success, secondary, emphasis. */
const STYLES = ['red', 'yellow', 'green', 'dim', 'bold'] as const;
export type Paint = Readonly<Record<(typeof STYLES)[number], (text: string) => string>>;

/** @param colour false leaves every text unchanged */
export function createPaint(colour: boolean | undefined): Paint {
  // The caller decided whether the stream supports colour; styleText would need the stream for it.
  const painter = (style: keyof Paint) => {
    // External text may contain control sequences: only ours are marked.
    const [open = '', close = ''] = styleText(style, '|', { validateStream: false }).split('|').map(ourSequences);
    return (text: string) => (colour && text !== '' ? open + text + close : text);
  };
  return { red: painter('red'), yellow: painter('yellow'), green: painter('green'), dim: painter('dim'), bold: painter('bold') };
}

/**
 * Returns whether stdout may be coloured: it is a terminal, and colour is not disabled. FORCE_COLOR overrides NO_COLOR, as
 * in Node. https://no-color.org, https://force-color.org, https://nodejs.org/api/cli.html#force_color1-2-3
 */
export function mayColour(
  isTTY: boolean,
  { NO_COLOR, FORCE_COLOR, TERM }: Pick<Environment, 'NO_COLOR' | 'FORCE_COLOR' | 'TERM'>,
): boolean {
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return !['0', 'false'].includes(FORCE_COLOR);
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  return isTTY && TERM !== 'dumb';
}

/** Random per process, so that external text cannot contain a marked sequence. */
const MARK = randomInt(100_000_000, 1_000_000_000);
const MARKED = new RegExp(`(\\u001b\\[${MARK};\\d*[mK])`);

/** Marks the control sequences of a text as ours, so that {@link printableText} keeps them; they have no width either way. */
function ourSequences(text: string): string {
  return text.replaceAll('\u001b[', `\u001b[${MARK};`);
}

/** Clears the line and returns to its start. */
export const CLEAR_LINE = ourSequences('\u001b[K');

/** Returns text that is safe for a terminal: sequences marked by {@link ourSequences} work, all others are escaped. */
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
