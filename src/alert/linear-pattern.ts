import { RE2JS, RE2JSException } from 're2js';

/**
 * Patterns of the config are run by RE2, whose time grows with the length of the value only: the backtracking engine of
 * JavaScript may need hours for one label of an alert. https://github.com/google/re2/wiki/Syntax
 */
const compiled = new WeakMap<RegExp, RE2JS>();

/** A larger program makes each value slow: `a{1000}` has about 1000 instructions. */
const LARGEST_PROGRAM = 2000;

/** Returns why the pattern cannot be run in linear time; `undefined` where it can. */
export function patternFault(pattern: RegExp): string | undefined {
  try {
    if (compile(pattern).programSize() <= LARGEST_PROGRAM) return undefined;
    return 'is too large: its counted repetitions, such as {100}, multiply each other or are too many';
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return 'uses what RE2, the syntax of patterns here, does not have: no (?=…), (?!…), (?<=…), (?<!…), no \\1, no \\u0041, no count above 1000';
  }
}

/** Whether the pattern is found anywhere in the value. */
export function matchesPattern(pattern: RegExp, value: string): boolean {
  return compile(pattern).test(value);
}

function compile(pattern: RegExp): RE2JS {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const made = RE2JS.compile(pattern.source, pattern.ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  compiled.set(pattern, made);
  return made;
}
