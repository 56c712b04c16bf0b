import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { openTerminalScreen, type Terminal } from '../../../src/cli/terminal/terminal-screen.ts';

function terminalOf() {
  const input = new EventEmitter();
  const output = new EventEmitter();
  let written = '';
  const raw: boolean[] = [];
  let tell: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    tell = resolve;
  });
  Object.assign(input, { setRawMode: (on: boolean) => raw.push(on), resume: () => input, pause: () => input });
  Object.assign(output, { write: (text: string) => (written += text), columns: 20, rows: 3 });
  const terminal = { input, output, ended } as unknown as Terminal;
  const take = () => {
    const text = written;
    written = '';
    return text;
  };
  return { terminal, input, output, raw, tell, take };
}

test('the terminal is switched to the live view, redrawn in place, and restored', () => {
  const { terminal, raw, take, input, output } = terminalOf();
  const screen = openTerminalScreen(terminal);
  expect(take()).toBe('\u001b[?1049h\u001b[?25l');
  expect(raw).toEqual([true]);
  screen.show('one\ntwo\nthree\nfour');
  expect(take()).toBe('\u001b[Hone\u001b[K\r\ntwo\u001b[K\r\nthree\u001b[K\u001b[J');
  screen.close();
  expect(take()).toBe('\u001b[?25h\u001b[?1049l');
  expect(raw).toEqual([true, false]);

  screen.close();
  screen.show('late');
  expect(take()).toBe('');
  expect(raw).toEqual([true, false]);
  expect([...input.eventNames(), ...output.eventNames()]).toEqual([]);
});

test.each(['q', 'Q', '\u0003', '\u0004', '\u001b'])('the key %j leaves', (key) => {
  const { terminal, input } = terminalOf();
  const { left } = openTerminalScreen(terminal);
  input.emit('data', Buffer.from('x'));
  input.emit('data', Buffer.from('\u001b[A'));
  expect(left.aborted).toBe(false);
  input.emit('data', Buffer.from(key));
  expect(left.aborted).toBe(true);
});

test('a signal ends it, and so does a closed terminal', async () => {
  const signalled = terminalOf();
  const { left } = openTerminalScreen(signalled.terminal);
  signalled.tell();
  await new Promise<void>((resolve) => left.addEventListener('abort', () => resolve()));
  const gone = terminalOf();
  const screen = openTerminalScreen(gone.terminal);
  gone.input.emit('end');
  expect(screen.left.aborted).toBe(true);
});

test('it reports its current size, and every change of it', () => {
  const { terminal, output } = terminalOf();
  const screen = openTerminalScreen(terminal);
  let redrawn = 0;
  screen.onResize(() => {
    redrawn += 1;
  });
  Object.assign(output, { columns: 50 });
  output.emit('resize');
  expect([screen.columns, screen.rows, redrawn]).toEqual([50, 3, 1]);
});
