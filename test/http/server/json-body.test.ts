import { expect, test } from 'vitest';
import { parseJsonBody } from '../../../src/http/server/json-body.ts';
import { HttpProblem } from '../../../src/http/server/problem.ts';

const fault = (text: string): HttpProblem => {
  try {
    parseJsonBody(Buffer.from(text));
  } catch (error) {
    if (error instanceof HttpProblem) return error;
    throw error;
  }
  throw new Error('it was taken');
};

test.each([
  ['{"a":1 "b":2}', 1, 8],
  ['{\n  "a": 1,\n  b: 2\n}', 3, 3],
  ['{"a":"é\u{1f600}" x', 1, 12],
  ['{"a":', 1, 6],
  ['{} {}', 1, 4],
  ['\ufeff{"a":1 "b":2}', 1, 8],
])('the fault in %j is at line %i, column %i', (text, line, column) => {
  expect(fault(text).body).toMatchObject({ line, column });
});

test.each(['[1,]', '{"a":nul}', "'a'", '<xml/>', '{"to":"+60123456789",}', '+60123456789', '{"to":+60123456789}'])(
  'the fault in %j is reported without quoting more than one character of it',
  (text) => {
    const { kind, body } = fault(text);
    expect(kind).toBe('malformed-json');
    expect(JSON.stringify(body)).not.toMatch(/\d{3}(?!,)|xml|nul/);
  },
);

test.each([
  ['{"a":[1,"x",null]}', { a: [1, 'x', null] }],
  [' "é" ', 'é'],
  ['7', 7],
  ['\ufeff{"a":1}', { a: 1 }],
])('%j is read', (text, value) => {
  expect(parseJsonBody(Buffer.from(text))).toEqual(value);
});
