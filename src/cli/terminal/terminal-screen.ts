import { printableText } from './printable-text.ts';

/** A full-screen view that is redrawn in place. The previous content of the terminal is restored when it is closed. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** Replaces the content; lines beyond the screen are left out. */
  show(text: string): void;
  /** Aborts when the user leaves: q, Escape, Ctrl-C, Ctrl-D, or a signal. */
  readonly left: AbortSignal;
  onResize(redraw: () => void): void;
  close(): void;
}

export interface Terminal {
  /** For example `process.stdin`. */
  readonly input: Pick<NodeJS.ReadStream, 'on' | 'off' | 'pause' | 'resume' | 'setRawMode'>;
  /** For example `process.stdout`. */
  readonly output: Pick<NodeJS.WriteStream, 'write' | 'on' | 'off' | 'columns' | 'rows'>;
  /** Settles when the process receives a signal to end. */
  readonly ended: Promise<unknown>;
}

const [ENTER, LEAVE] = ['\u001b[?1049h\u001b[?25l', '\u001b[?25h\u001b[?1049l'];
const [HOME, REST_OF_LINE, REST_OF_SCREEN] = ['\u001b[H', '\u001b[K', '\u001b[J'];
/** q, Q, Ctrl-C, Ctrl-D, and Escape alone; an arrow key starts with Escape too, but is longer. */
const LEAVING = ['q', 'Q', '\u0003', '\u0004', '\u001b'];

/**
 * Takes over the terminal. A process that ends in another way than by `close` must call it too, for example in its `exit`
 * handler; `close` is idempotent.
 * https://invisible-island.net/xterm/ctlseqs/ctlseqs.html#h3-The-Alternate-Screen-Buffer
 */
export function openTerminalScreen({ input, output, ended }: Terminal): Screen {
  const leaving = new AbortController();
  const redraws: (() => void)[] = [];
  const leave = () => leaving.abort();
  const onKey = (key: Buffer | string) => {
    if (LEAVING.includes(String(key))) leave();
  };
  let open = true;
  input.setRawMode(true);
  input.on('data', onKey);
  input.on('end', leave);
  input.resume();
  output.write(ENTER);
  void ended.then(leave);
  return {
    get columns() {
      return output.columns;
    },
    get rows() {
      return output.rows;
    },
    show(text) {
      if (!open) return;
      const lines = printableText(text).split('\n').slice(0, output.rows);
      output.write(`${HOME}${lines.map((line) => line + REST_OF_LINE).join('\r\n')}${REST_OF_SCREEN}`);
    },
    left: leaving.signal,
    onResize(redraw) {
      redraws.push(redraw);
      output.on('resize', redraw);
    },
    close() {
      if (!open) return;
      open = false;
      for (const redraw of redraws) output.off('resize', redraw);
      input.off('data', onKey);
      input.off('end', leave);
      input.setRawMode(false);
      input.pause();
      output.write(LEAVE);
    },
  };
}
