import type { Output } from './cli-deps.ts';

/** One line on a terminal that is written over until it is cleared; nothing at all where nobody watches. */
export interface ProgressLine {
  show(text: string): void;
  clear(): void;
}

const START_OF_LINE = '\r\u001b[K';

export function createProgressLine(output: Output): ProgressLine {
  if (output.isTTY !== true) return { show: () => undefined, clear: () => undefined };
  const { columns = 80 } = output;
  return {
    show: (text) => void output.write(START_OF_LINE + (text.length < columns ? text : `${text.slice(0, columns - 2)}…`)),
    clear: () => void output.write(START_OF_LINE),
  };
}
