import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CLEAR_LINE, createPaint, printableText } from '../../../src/cli/terminal/printable-text.ts';
import { alertHistory, messageHistory } from '../../support/fixtures/history.ts';
import { deadLetter } from '../dead-world.ts';
import { type } from '../recording-deps.ts';

const OBEYED = /[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
const HOSTILE = 'k\u001b[2J\u001b]0;owned\u0007\u009b31m\u0085\u007f\r\u0008\u202e\u2066\u061c\u2028end';

describe('what a terminal gets', () => {
  test.each([
    ['\u001b[31mred', '\\u001b[31mred'],
    ['\u009b2J', '\\u009b2J'],
    ['a\u007fb\u0000c', 'a\\u007fb\\u0000c'],
    ['left\u202eright\u2069', 'left\\u202eright\\u2069'],
    ['over\rwritten', 'over\\u000dwritten'],
    ['two\nlines\tand a tab', 'two\nlines\tand a tab'],
    [
      '\u0645\u0631\u062d\u0628\u0627, caf\u00e9, \ud83d\udc68\u200d\ud83d\udc69',
      '\u0645\u0631\u062d\u0628\u0627, caf\u00e9, \ud83d\udc68\u200d\ud83d\udc69',
    ],
  ])('%j is printed as %j', (text, printed) => {
    expect(printableText(text)).toBe(printed);
  });

  test('our own colours and progress lines work around a hostile text', () => {
    expect(printableText(createPaint(true).red('a\u001b[8mb'))).toBe('\u001b[31ma\\u001b[8mb\u001b[39m');
    expect(printableText(`${CLEAR_LINE}1 of 2`)).toBe('\r\u001b[K1 of 2');
  });

  test('nothing that a terminal obeys is left in any text', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc
            .oneof(fc.integer({ min: 0, max: 0x9f }), fc.constantFrom(0x61c, 0x200f, 0x202e, 0x2028, 0x2069))
            .map((code) => String.fromCharCode(code)),
        }),
        (text) => {
          expect(printableText(text)).not.toMatch(OBEYED);
          expect(JSON.parse(printableText(JSON.stringify(text)))).toBe(text);
        },
      ),
    );
  });
});

const alert = alertHistory({ dedupKey: HOSTILE, outcome: 'suppressed', reason: 'below_severity' });
const message = messageHistory({ contact: HOSTILE, state: 'failed', reason: 'content', route: HOSTILE });
const letter = deadLetter({ detail: HOSTILE, contact: HOSTILE, code: HOSTILE, route: HOSTILE, stored: { route: HOSTILE, text: HOSTILE } });

test.each([
  ['explain of an alert', ['explain', 'a-1'], { alerts: [alert] }],
  ['explain of a message', ['explain', 'm-1'], { message }],
  ['dead list', ['dead', 'list'], { dead: { letters: [letter] } }],
  ['dead show', ['dead', 'show', 'm-1'], { dead: { letters: [letter] }, message }],
  ['an unknown dedup key', ['resolve', HOSTILE], { isOpen: false }],
  ['an unknown command', [HOSTILE], {}],
  ['an unknown option', ['explain', `--${HOSTILE}`], {}],
])('%s prints no control character, as text and as JSON', async (_what, argv, world) => {
  for (const all of [argv, [...argv, '--json']]) {
    const { stdout, stderr } = await type(all, world as never);
    expect(stdout + stderr).not.toMatch(OBEYED);
    expect(stdout + stderr).toContain('end');
  }
});

test('JSON holds the text as it is', async () => {
  const { stdout } = await type(['explain', '--json', 'a-1'], { alerts: [alert] });
  expect(JSON.parse(stdout)).toEqual(alert);
});
