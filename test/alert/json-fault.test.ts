import { expect, it } from 'vitest';
import { describeJsonFault } from '../../src/alert/describe-issues.ts';

function faultOf(text: string): string {
  try {
    JSON.parse(text);
  } catch (error) {
    return describeJsonFault(text, error).message;
  }
  throw new Error('it is JSON');
}

it.each([
  ['{"to":["+60198765432",]}', /^not JSON/],
  ['{"to":[+60198765432]}', /^not JSON/],
  ['+60198765432', /^not JSON/],
  ['"+60198765432', /^not JSON from line 1, column \d+ on$/],
  ['{"half":', /^not JSON from line 1, column 9 on$/],
  ['{\n "a": 1,\n "b" 2\n}', /^not JSON/],
  ['\u0000', /^not JSON/],
])('the fault of %j is said in our own words, and quotes no number', (text, message) => {
  expect(faultOf(text)).toMatch(message);
  expect(faultOf(text)).not.toMatch(/\d{5}|Unexpected|valid JSON/);
});
