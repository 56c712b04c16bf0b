import { expect, test } from 'vitest';
import { readWord } from '../../../src/pipeline/receipts/apply-inbound.ts';

test.each([
  ...['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'REVOKE', 'OPTOUT'],
  ...['stop', ' Stop.\n', '"STOP!"', 'stop 🙏', '\u201cstop\u201d', 'opt-out', 'Opt out', 'STOP ALL', '\uff33\uff34\uff2f\uff30'],
])('%j is a STOP', (text) => {
  expect(readWord(text)).toBe('stop');
});

test.each(['START', 'UNSTOP', 'YES', 'yes!', ' Start '])('%j is a START', (text) => {
  expect(readWord(text)).toBe('start');
});

test.each([
  '',
  ' ',
  '!',
  'please stop',
  'stop please',
  'stopped',
  'dont stop',
  'restart',
  'yes stop',
  'un stop',
  'no',
  'HELP',
  'ack 42',
  '停',
])('%j is neither', (text) => {
  expect(readWord(text)).toBeUndefined();
});
