import { expect, test } from 'vitest';
import { editDistance, suggest } from '../../src/text/suggest.ts';

test.each([
  ['', '', 0],
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
  ['prot', 'port', 1],
  ['ca', 'abc', 3],
  ['dedupFor', 'dedupeFor', 1],
])('from "%s" to "%s" it is %i', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

test.each([
  ['twillio', ['sns', 'twilio-main'], 'twilio-main'],
  ['twilio', ['twilio-main', 'twilio'], 'twilio'],
  ['twilio-mian', ['twilio-main', 'twilio-spare'], 'twilio-main'],
  ['MINSEVERITY', ['minSeverity'], 'minSeverity'],
  ['sns', ['twilio-main', 'desk'], undefined],
  ['anything', [], undefined],
  ['', ['desk'], undefined],
])('"%s" among %j means %s', (written, known, meant) => {
  expect(suggest(written, known)).toBe(meant);
});
