import { expect, test } from 'vitest';
import { createPaint, mayColour, printableText } from '../../../src/cli/terminal/printable-text.ts';

test.each<[name: string, isTTY: boolean, env: Record<string, string>, colour: boolean]>([
  ['a terminal', true, {}, true],
  ['a pipe', false, {}, false],
  ['a terminal whose owner wants none', true, { NO_COLOR: '1' }, false],
  ['a variable that is set and empty', true, { NO_COLOR: '', FORCE_COLOR: '' }, true],
  ['a terminal that can do nothing', true, { TERM: 'dumb' }, false],
  ['a pipe into something that shows colours', false, { FORCE_COLOR: '1' }, true],
  ['both, where forcing wins', false, { FORCE_COLOR: '3', NO_COLOR: '1' }, true],
  ['forced to none', true, { FORCE_COLOR: '0' }, false],
])('%s', (_name, isTTY, env, colour) => {
  expect(mayColour(isTTY, env)).toBe(colour);
});

test('without colour a text stays as it is', () => {
  expect(createPaint(undefined).red('x')).toBe('x');
  expect(createPaint(false).bold('x')).toBe('x');
  expect(printableText(createPaint(true).red('x'))).toBe('\u001b[31mx\u001b[39m');
  expect(createPaint(true).red('')).toBe('');
});
