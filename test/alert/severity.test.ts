import { describe, expect, test } from 'vitest';
import { isAtLeast, parseSeverity, SEVERITIES, severityRank } from '../../src/alert/severity.ts';

describe('a word is read as', () => {
  test.each([
    ['info', 'info'],
    ['warning', 'warning'],
    ['error', 'error'],
    ['critical', 'critical'],
    ['emergency', 'critical'],
    ['page', 'critical'],
    ['warn', 'warning'],
    ['good', 'info'],
    ['ok', 'info'],
    ['none', 'info'],
    ['CRITICAL', 'critical'],
    ['Warn', 'warning'],
    ['  page\n', 'critical'],
  ])('%j: %s', (word, severity) => {
    expect(parseSeverity(word)).toBe(severity);
  });
});

test.each(['', ' ', 'urgent', 'critical!', 'crit', '3', 'info warning', 'ＩＮＦＯ'])('%j is no severity', (word) => {
  expect(parseSeverity(word)).toBeUndefined();
});

test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf'])('what every object has is no alias: %s', (word) => {
  expect(parseSeverity(word)).toBeUndefined();
});

test('severities rise from info to critical', () => {
  expect(SEVERITIES.map(severityRank)).toEqual([0, 1, 2, 3]);
  expect(SEVERITIES.map((severity) => SEVERITIES.filter((minimum) => isAtLeast(severity, minimum)))).toEqual([
    ['info'],
    ['info', 'warning'],
    ['info', 'warning', 'error'],
    ['info', 'warning', 'error', 'critical'],
  ]);
});
