import { randomInt } from 'node:crypto';
import { escapeControls } from '../../text/control-characters.ts';

/** Unknown outside this process, so that no text from elsewhere can pass for a sequence of ours. */
const MARK = randomInt(100_000_000, 1_000_000_000);
const MARKED = new RegExp(`(\\u001b\\[${MARK};\\d*[mK])`);

/** Marks the control sequences of a text as ours, which {@link printableText} then lets through; they have no width either way. */
export function ourSequences(text: string): string {
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
