import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fillTemplate, placeholders, renderText } from '../../src/alert/text.ts';

describe('the text of an alert without a template', () => {
  test('with an instance', () => {
    expect(renderText({ severity: 'critical', text: 'Database unreachable', instance: 'db-1:5432' })).toBe(
      'Instance: db-1:5432, Priority: CRITICAL, Content: Database unreachable',
    );
  });

  test('without one', () => {
    expect(renderText({ severity: 'warning', text: 'Disk full' })).toBe('WARNING: Disk full');
    expect(renderText({ severity: 'info', text: 'Disk full', instance: undefined })).toBe('INFO: Disk full');
  });

  test('is taken as it is, braces and dollars too', () => {
    expect(renderText({ severity: 'error', text: "{instance} $& 5'000\n中", instance: '{text}' })).toBe(
      "Instance: {text}, Priority: ERROR, Content: {instance} $& 5'000\n中",
    );
  });
});

describe('a template asks for', () => {
  test.each([
    ['Your code is {code}, valid {minutes} minutes', ['code', 'minutes']],
    ['{a}{b}{a}', ['a', 'b']],
    ['{_x1} {X}', ['_x1', 'X']],
    ['nothing', []],
    ['{} { a } {1a} {a-b} {ä} {a', []],
    ['{{a}}', ['a']],
    ['{constructor} {__proto__}', ['constructor', '__proto__']],
  ])('%j: %j', (text, names) => {
    expect(placeholders(text)).toEqual(names);
  });
});

describe('filling a template', () => {
  test.each<[string, Record<string, string>, string]>([
    ['Your code is {code}, valid {minutes} minutes', { code: '1234', minutes: '5' }, 'Your code is 1234, valid 5 minutes'],
    ['{a} {a}', { a: 'x' }, 'x x'],
    ['{a}', { a: '{b}', b: 'no' }, '{b}'],
    ['{a}', { a: "$& $1 $' $$" }, "$& $1 $' $$"],
    ['{a}', { a: '' }, ''],
    ['{{a}}', { a: 'x' }, '{x}'],
    ['{missing} stays', {}, '{missing} stays'],
    ['{constructor}{toString}', {}, '{constructor}{toString}'],
    ['{constructor}', { constructor: 'mine' }, 'mine'],
    ['a { brace } alone', { brace: 'x' }, 'a { brace } alone'],
  ])('%j', (text, params, filled) => {
    expect(fillTemplate(text, params)).toBe(filled);
  });

  test('leaves no placeholder open once every name is given', () => {
    const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,5}$/);
    const piece = fc.oneof(
      fc.string(),
      name.map((word) => `{${word}}`),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join('');
        const names = placeholders(text);
        expect(placeholders(fillTemplate(text, Object.fromEntries(names.map((word) => [word, '-']))))).toEqual([]);
      }),
    );
  });
});
