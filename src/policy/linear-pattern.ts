import { RE2JS, RE2JSException } from 're2js';

/**
 * Patterns of the config run on RE2, whose time is linear in the length of the value: JavaScript's backtracking engine
 * may need hours for one label of an alert. https://github.com/google/re2/wiki/Syntax
 */
const compiled = new WeakMap<RegExp, RE2JS>();

/** Larger programs make every match slow: `a{1000}` compiles to about 1000 instructions. */
const LARGEST_PROGRAM = 2000;

/** Returns why a pattern cannot run in linear time; `undefined` when it can. */
export function patternFault(pattern: RegExp): string | undefined {
  try {
    if (compile(pattern).programSize() <= LARGEST_PROGRAM) return undefined;
    return 'is too large: its counted repetitions, such as {100}, multiply each other or are too many';
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return 'is not valid RE2 syntax: no (?=…), (?!…), (?<=…), (?<!…), no \\1, no \\u0041, no count above 1000';
  }
}

/** Whether the pattern matches anywhere in the value. */
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
