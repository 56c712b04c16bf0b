import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { foldSeverityWord, isAtLeast, parseSeverity, SEVERITIES, SEVERITY_ALIASES, severityRank } from '../../src/alert/severity.ts';

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
    ...Object.entries(SEVERITY_ALIASES),
    ['informational', 'info'],
    ['Average', 'warning'],
    ['Not classified', 'info'],
    ['fatal', 'critical'],
    ['P1', 'critical'],
    ['sev-2', 'error'],
    ['SEV 3', 'warning'],
    ['0', 'critical'],
    ['3', 'error'],
    ['7', 'info'],
    ['CRITICAL', 'critical'],
    ['Warn', 'warning'],
    ['  page\n', 'critical'],
  ])('%j: %s', (word, severity) => {
    expect(parseSeverity(word)).toBe(severity);
  });
});

test.each(['', ' ', 'scary', 'critical!', '-1', '8', 'info warning', 'ＩＮＦＯ', 'unknown'])('%j is no severity', (word) => {
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

test('docs/enqueue.md lists every word of the table', () => {
  const page = readFileSync(new URL('../../docs/enqueue.md', import.meta.url), 'utf8');
  for (const severity of SEVERITIES) {
    const [, listed = ''] = new RegExp(`^\\| \`${severity}\` \\| (.*) \\|$`, 'm').exec(page) ?? [];
    const aliases = Object.keys(SEVERITY_ALIASES).filter((word) => SEVERITY_ALIASES[word] === severity);
    expect(listed.split(', ').map(foldSeverityWord).sort()).toEqual(aliases.sort());
  }
});
