import { clipToWidth } from '../../text/display-width.ts';
import type { Output } from '../cli-deps.ts';
import { CLEAR_LINE } from './printable-text.ts';

/** One line on a terminal that is overwritten until it is cleared; does nothing without a terminal. */
export interface ProgressLine {
  show(text: string): void;
  clear(): void;
}

export function createProgressLine(output: Output): ProgressLine {
  if (output.isTTY !== true) return { show: () => undefined, clear: () => undefined };
  const { columns = 80 } = output;
  return {
    show: (text) => void output.write(CLEAR_LINE + clipToWidth(text, columns - 1)),
    clear: () => void output.write(CLEAR_LINE),
  };
}
