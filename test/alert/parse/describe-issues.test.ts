import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { describeIssues, issueSentence, showValue } from '../../../src/alert/parse/describe-issues.ts';

/** Words that only the validator uses. */
const RAW = /Invalid|Too (?:small|big)|expected|received|Unrecognized|>=|<=/;

function told(schema: z.ZodType, data: unknown): string {
  const { error } = schema.safeParse(data, { error: issueSentence });
  return describeIssues(error?.issues ?? [], data)
    .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
    .join('; ');
}

describe('each code of the validator has a sentence of ours', () => {
  test.each<[code: string, schema: z.ZodType, data: unknown, sentence: string]>([
    ['invalid_type', z.strictObject({ a: z.string() }), { a: 5 }, 'a: must be text, got 5'],
    ['invalid_type', z.strictObject({ a: z.string() }), {}, 'a: is required'],
    ['invalid_type', z.strictObject({ a: z.record(z.string(), z.string()) }), { a: [1] }, 'a: must be a JSON object, got a list'],
    ['invalid_type', z.boolean(), 'yes', 'must be true or false, got "yes"'],
    ['invalid_type', z.date(), 'yes', 'must be of another type, got "yes"'],
    ['invalid_value', z.enum(['a', 'b']), 'c', 'must be one of a, b, got "c"'],
    ['invalid_value', z.object({ a: z.literal(1) }), {}, 'a: is required'],
    ['too_small', z.string().min(1), '', 'must not be empty'],
    ['too_small', z.string().min(3), 'ab', 'must be at least 3 characters long'],
    ['too_small', z.array(z.string()).min(1), [], 'must not be empty'],
    ['too_small', z.array(z.string()).min(2), ['a'], 'must have at least 2 entries'],
    ['too_small', z.number().gt(5), 5, 'must be more than 5'],
    ['too_big', z.string().max(2), 'abc', 'must be at most 2 characters long, got 3'],
    ['too_big', z.array(z.string()).max(1), ['a', 'b'], 'must have at most 1 entries, got 2'],
    ['too_big', z.number().max(5), 6, 'must be at most 5, got 6'],
    ['invalid_format', z.email(), 'x', 'has the wrong form, got "x"'],
    ['not_multiple_of', z.number().multipleOf(5), 6, 'must be a multiple of 5, got 6'],
    ['unrecognized_keys', z.strictObject({}), { b: 1 }, 'b: unknown key: remove it, or correct its spelling'],
    ['invalid_union', z.union([z.number(), z.boolean()]), 'x', 'matches none of the allowed forms, got "x"'],
    ['invalid_union', z.union([z.number(), z.array(z.string())]), ['a', 1], '[1]: must be text, got 1'],
    ['invalid_key', z.record(z.string().max(1), z.string()), { ab: 'x' }, 'ab: its name must be at most 1 characters long'],
    ['invalid_element', z.map(z.string(), z.string()), new Map([['a', 1]]), 'a: must be text'],
    ['custom', z.string().refine(() => false), 'x', 'is not valid'],
  ])('%s', (code, schema, data, sentence) => {
    expect(schema.safeParse(data).error?.issues[0]?.code).toBe(code === 'invalid_element' ? 'invalid_type' : code);
    expect(told(schema, data)).toBe(sentence);
    expect(told(schema, data)).not.toMatch(RAW);
  });

  test('also the codes that no schema of ours can give', () => {
    const rest = ['invalid_element', 'invalid_key', 'one of a later version'] as const;
    for (const code of rest) {
      const sentence = issueSentence({ code, origin: 'map', issues: [], path: [], input: {} } as never);
      expect(sentence).not.toMatch(RAW);
      expect(sentence).not.toBe('');
    }
  });
});

describe('a value is shown', () => {
  test.each<[unknown, string]>([
    ['+60 12-345 6789', '"+60*******789"'],
    [60123456789, '+60*******789'],
    ['x'.repeat(50), `"${'x'.repeat(40)}…"`],
    ['2026-02-30T03:00:00Z', '"2026-02-30T03:00:00Z"'],
    ['a\u0000\u001b[31m\u202eb', '"a\\u0000\\u001b[31m\\u202eb"'],
    [null, 'null'],
    [[], 'an empty list'],
    [[1], 'a list'],
    [{ a: 1 }, 'a JSON object'],
    [true, 'true'],
  ])('%j as %s', (value, shown) => {
    expect(showValue(value)).toBe(shown);
  });

  test('without control characters and without a full number, for any input', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.anything()), (value) => {
        expect(showValue(value)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        expect(showValue(value).length).toBeLessThan(300);
      }),
    );
  });

  test('not at all where it may be a login code', () => {
    const schema = z.object({ text: z.string().max(1), template: z.object({ params: z.record(z.string(), z.string()) }) });
    const said = told(schema, { text: 'code 4711', template: { params: { code: 4711 } } });
    expect(said).toBe('text: must be at most 1 characters long, got 9; template.params.code: must be text');
  });
});
