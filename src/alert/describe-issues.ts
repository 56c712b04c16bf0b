import type { z } from 'zod';
import { maskNumbers } from './phone.ts';

export interface Issue {
  /** Such as `to[2]` or `template.name`; empty for the alert as a whole. */
  readonly path: string;
  readonly message: string;
}

/** The kinds of values in the words of JSON. */
export const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a JSON object',
  record: 'a JSON object',
  null: 'null',
};

/** What is wrong, in our words, without the value: the validator's own sentences are for its authors. */
export const issueSentence: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is required' : `must be ${KINDS[issue.expected] ?? 'of another kind'}`;
    case 'invalid_value':
      return issue.input === undefined ? 'is required' : `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return sizeSentence(issue.origin, 'at least', issue.minimum, issue.inclusive);
    case 'too_big':
      return sizeSentence(issue.origin, 'at most', issue.maximum, issue.inclusive);
    case 'invalid_format':
      return 'has the wrong form';
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'unrecognized_keys':
      return UNKNOWN_KEY;
    case 'invalid_union':
      return issue.input === undefined ? 'is required' : 'has none of the forms that are allowed here';
    case 'invalid_key':
      return 'has a name that is not allowed';
    case 'invalid_element':
      return 'has an entry that is not allowed';
    default:
      return 'is not valid';
  }
};

const UNKNOWN_KEY = 'unknown key: remove it, or correct its spelling';

function sizeSentence(origin: string, bound: string, size: number | bigint, inclusive = true): string {
  const unit = origin === 'string' ? ' characters' : origin === 'number' || origin === 'int' || origin === 'bigint' ? '' : ' entries';
  if (bound === 'at least' && unit !== '' && size === 1) return 'must not be empty';
  const limit = inclusive ? bound : bound === 'at least' ? 'more than' : 'less than';
  return `must ${unit === ' entries' ? 'have' : 'be'} ${limit} ${size}${unit}${origin === 'string' ? ' long' : ''}`;
}

/**
 * The issues of a schema that was asked with {@link issueSentence}: each with its place and, where it may be shown, the
 * value that stands there.
 */
export function describeIssues(issues: readonly z.core.$ZodIssue[], data: unknown): Issue[] {
  return issues.flatMap((issue) => describeIssue(issue, data));
}

function describeIssue(issue: z.core.$ZodIssue, data: unknown): Issue[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: placeOf([...issue.path, key]), message: UNKNOWN_KEY }));
  }
  if (issue.code === 'invalid_union') {
    // Of the forms that a value may have, the one that it was meant to have says best what is wrong.
    const meant = issue.errors.find((faults) => !faults.some(({ code, path }) => code === 'invalid_type' && path.length === 0));
    if (meant !== undefined) return meant.flatMap((fault) => describeIssue({ ...fault, path: [...issue.path, ...fault.path] }, data));
  }
  if (issue.code === 'invalid_key') {
    return [{ path: placeOf(issue.path), message: `its name ${issue.issues[0]?.message ?? 'is not allowed'}` }];
  }
  return [{ path: placeOf(issue.path), message: withValue(issue, data) }];
}

function withValue({ code, path, message }: z.core.$ZodIssue, data: unknown): string {
  const value = valueAt(data, path);
  if (value === undefined || code === 'custom') return message;
  if (code === 'too_big' && typeof value === 'string') return `${message}, got ${value.length}`;
  if (code === 'too_big' && Array.isArray(value)) return `${message}, got ${value.length}`;
  if (code === 'too_small' || (isPrivate(path) && typeof value !== 'object')) return message;
  return `${message}, got ${isPrivate(path) ? kindOf(value) : showValue(value)}`;
}

/** What a text says is for its recipient alone: it may be a login code. */
function isPrivate([first, second]: readonly PropertyKey[]): boolean {
  return first === 'text' || first === 'data_base64' || (first === 'template' && second === 'params');
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, part) ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    data,
  );
}

const LONGEST_SHOWN = 40;

/** A day, perhaps with a time: no phone number, whatever its digits. */
const DATE = /^\d{4}-\d\d-\d\d(?:[Tt ][\d:.,]*(?: ?[Zz]|[+-][\d:]{2,6})?)?$/;

/** A value as a refusal shows it: numbers masked, long text cut, control characters written out. */
export function showValue(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint') return maskNumbers(String(value));
  if (typeof value !== 'string') return kindOf(value);
  const head = value.slice(0, 4 * LONGEST_SHOWN);
  const masked = DATE.test(head) ? head : maskNumbers(head);
  const shown = masked.length > LONGEST_SHOWN || value.length > 4 * LONGEST_SHOWN ? `${masked.slice(0, LONGEST_SHOWN)}…` : masked;
  return JSON.stringify(shown).replace(/[\p{Cc}\p{Cf}]/gu, (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return typeof value === 'boolean' ? String(value) : (KINDS[typeof value] ?? typeof value);
}

/** `['to', 2]` → `to[2]`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

const LONGEST_NAME = 64;

/** The same with numbers masked and long names cut: callers choose the names of labels and parameters. */
function placeOf(path: readonly PropertyKey[]): string {
  return maskNumbers(formatPath(cutNames(path)));
}

/** The path with each long name cut to its beginning. */
export function cutNames(path: readonly PropertyKey[]): PropertyKey[] {
  return path.map((part) => (typeof part === 'string' && part.length > LONGEST_NAME ? `${part.slice(0, LONGEST_NAME)}…` : part));
}

interface JsonFault {
  /** In our own words: those of the JSON parser quote the text, which may hold phone numbers. */
  readonly message: string;
  /** Absent where the parser does not tell the position. */
  readonly place?: { readonly line: number; readonly column: number };
}

/** Says where a text stops being JSON, by the error of `JSON.parse`. */
export function describeJsonFault(text: string, error: unknown): JsonFault {
  const { message } = error as SyntaxError;
  const position = /at position (\d+)/.exec(message)?.[1] ?? (message.startsWith('Unexpected end') ? text.length : undefined);
  if (position !== undefined) {
    const before = text.slice(0, Number(position)).split('\n');
    const line = before.length;
    const column = (before.at(-1) as string).length + 1;
    return { message: `not JSON from line ${line}, column ${column} on`, place: { line, column } };
  }
  const token = /^Unexpected token '(.+?)',/su.exec(message)?.[1];
  return { message: token === undefined ? 'not JSON' : `not JSON: unexpected ${JSON.stringify(token)}` };
}
