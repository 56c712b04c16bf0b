import { z } from 'zod';
import { PURPOSES } from '../../alert/alert.ts';
import { patternFault } from '../../alert/linear-pattern.ts';
import type { Matcher } from '../../policy/route.ts';
import { didYouMean } from '../../text/suggest.ts';
import { readSeverity } from './severity-schema.ts';

type Read = (value: string) => { readonly value: string } | { readonly fault: string; readonly hint?: string | undefined };

const asWritten: Read = (value) => ({ value });

/** A string, a list (one of) or `/regex/`, `/regex/i`. `read` checks each plain value. */
function createMatcher(read: Read) {
  return z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)], { error: 'must be text, a list of texts or a /pattern/' })
    .transform((written, ctx): Matcher => {
      const fault = (message: string, path: number[] = [], hint?: string) => {
        ctx.addIssue({ code: 'custom', message, path, params: { hint } });
        return z.NEVER;
      };
      const plain = (value: string, path: number[]): string => {
        if (path.length > 0 && splitPattern(value) !== undefined)
          return fault('a pattern cannot stand in a list: write one pattern, /a|b/', path);
        const verdict = read(value);
        return 'fault' in verdict ? fault(verdict.fault, path, verdict.hint) : verdict.value;
      };
      if (typeof written !== 'string') return written.map((value, index) => plain(value, [index]));
      const pattern = splitPattern(written);
      if (pattern === undefined) return plain(written, []);
      const expression = readPattern(pattern);
      if (typeof expression === 'string') return fault(`is not a regular expression: ${expression}`);
      const unfit = patternFault(expression);
      return unfit === undefined ? expression : fault(unfit);
    });
}

function splitPattern(text: string): { source: string; flags: string } | undefined {
  const [, source, flags] = /^\/(.+)\/(i?)$/s.exec(text) ?? [];
  return source === undefined ? undefined : { source, flags: flags as string };
}

/** The expression, or what is wrong with it. */
function readPattern({ source, flags }: { source: string; flags: string }): RegExp | string {
  try {
    return new RegExp(source, flags);
  } catch (error) {
    return (error as Error).message.split(': ').at(-1) ?? '';
  }
}

/** For values that producers choose freely. */
export const textMatcher = createMatcher(asWritten);

/** Reads aliases as the alert does, since a route sees only the canonical word. */
export const severityMatcher = createMatcher(readSeverity);

export const purposeMatcher = createMatcher((word) =>
  (PURPOSES as readonly string[]).includes(word)
    ? { value: word }
    : { fault: `must be one of ${PURPOSES.join(', ')}`, hint: didYouMean(word, PURPOSES) },
);
