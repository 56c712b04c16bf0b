import type { z } from 'zod';
import { maskNumbers } from '../phone/phone.ts';

export interface Issue {
  /** Path such as `to[2]` or `template.name`; empty for the alert as a whole. */
  readonly path: string;
  readonly message: string;
}

/** Names of value types for error messages. */
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

/** Error messages in our own words, without the value: the validator's sentences are for developers of the schema. */
export const issueSentence: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is required' : `must be ${KINDS[issue.expected] ?? 'of another type'}`;
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
      return issue.input === undefined ? 'is required' : 'matches none of the allowed forms';
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
 * Converts the issues of a schema that was parsed with {@link issueSentence}: each gets its path and, where it is safe
 * to show, the value.
 */
export function describeIssues(issues: readonly z.core.$ZodIssue[], data: unknown): Issue[] {
  return issues.flatMap((issue) => describeIssue(issue, data));
}

function describeIssue(issue: z.core.$ZodIssue, data: unknown): Issue[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: placeOf([...issue.path, key]), message: UNKNOWN_KEY }));
  }
  if (issue.code === 'invalid_union') {
    // Report the alternative of the union that the value was meant to match.
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

/** Whether the value is part of a message text, which may be a login code and is never shown. */
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

/** A date, optionally with a time: never a phone number. */
const DATE = /^\d{4}-\d\d-\d\d(?:[Tt ][\d:.,]*(?: ?[Zz]|[+-][\d:]{2,6})?)?$/;

/** Formats a value for an error message: numbers masked, long text truncated, control characters escaped. */
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

/** Formats a path: `['to', 2]` → `to[2]`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

const LONGEST_NAME = 64;

/** Formats a path with numbers masked and long names truncated: callers choose the names of labels and parameters. */
function placeOf(path: readonly PropertyKey[]): string {
  return maskNumbers(formatPath(cutNames(path)));
}

/** Truncates long names in a path. */
export function cutNames(path: readonly PropertyKey[]): PropertyKey[] {
  return path.map((part) => (typeof part === 'string' && part.length > LONGEST_NAME ? `${part.slice(0, LONGEST_NAME)}…` : part));
}

interface JsonFault {
  /** In our own words: messages of the JSON parser quote the text, which may contain phone numbers. */
  readonly message: string;
  /** Absent when the parser does not report the position. */
  readonly place?: { readonly line: number; readonly column: number };
}

/** Describes where a text is not valid JSON, from the error of `JSON.parse`. */
export function describeJsonFault(text: string, error: unknown): JsonFault {
  const { message } = error as SyntaxError;
  const position = /at position (\d+)/.exec(message)?.[1] ?? (message.startsWith('Unexpected end') ? text.length : undefined);
  if (position !== undefined) {
    const before = text.slice(0, Number(position)).split('\n');
    const line = before.length;
    const column = (before.at(-1) as string).length + 1;
    return { message: `invalid JSON at line ${line}, column ${column}`, place: { line, column } };
  }
  const token = /^Unexpected token '(.+?)',/su.exec(message)?.[1];
  return { message: token === undefined ? 'invalid JSON' : `invalid JSON: unexpected ${JSON.stringify(token)}` };
}
