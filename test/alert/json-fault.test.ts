import { expect, it } from 'vitest';
import { describeJsonFault } from '../../src/alert/parse/describe-issues.ts';

function faultOf(text: string): string {
  try {
    JSON.parse(text);
  } catch (error) {
    return describeJsonFault(text, error).message;
  }
  throw new Error('it is JSON');
}

it.each([
  ['{"to":["+60198765432",]}', /^invalid JSON/],
  ['{"to":[+60198765432]}', /^invalid JSON/],
  ['+60198765432', /^invalid JSON/],
  ['"+60198765432', /^invalid JSON at line 1, column \d+$/],
  ['{"half":', /^invalid JSON at line 1, column 9$/],
  ['{\n "a": 1,\n "b" 2\n}', /^invalid JSON/],
  ['\u0000', /^invalid JSON/],
])('the fault of %j is said in our own words, and quotes no number', (text, message) => {
  expect(faultOf(text)).toMatch(message);
  expect(faultOf(text)).not.toMatch(/\d{5}|Unexpected|not valid JSON/);
});
