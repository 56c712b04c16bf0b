import { z } from 'zod';
import { foldSeverityWord, parseSeverity, SEVERITIES, type Severity } from '../../alert/severity.ts';
import { didYouMean } from '../../text/suggest.ts';

/** A severity, in any of the words that senders use. */
export const severitySchema = z.string().transform((word, ctx) => {
  const verdict = readSeverity(word);
  if ('value' in verdict) return verdict.value;
  ctx.addIssue({ code: 'custom', message: verdict.fault, params: { hint: verdict.hint } });
  return z.NEVER;
});

const LONGEST_WORD = 64;

/** Additional words → severities. They may redefine an alias, but not a severity. */
export const severityWordsSchema = z
  .record(z.string(), severitySchema)
  .superRefine((words, ctx) => {
    const seen = new Map<string, string>();
    for (const [word, severity] of Object.entries(words)) {
      const folded = foldSeverityWord(word);
      const fault = wordFault(folded, severity, seen.get(folded));
      if (fault !== undefined) ctx.addIssue({ code: 'custom', path: [word], message: fault });
      seen.set(folded, word);
    }
  })
  .default({});

function wordFault(folded: string, severity: string, twin: string | undefined): string | undefined {
  if (folded === '' || folded.length > LONGEST_WORD) return `is not a word: 1 to ${LONGEST_WORD} characters`;
  if ((SEVERITIES as readonly string[]).includes(folded) && folded !== severity)
    return `is itself a severity: it cannot stand for ${severity}`;
  return twin === undefined ? undefined : `is the same word as ${JSON.stringify(twin)}: case, spaces, - and _ are ignored`;
}

/** A severity or an alias, as in alerts. */
export function readSeverity(word: string): { readonly value: Severity } | { readonly fault: string; readonly hint?: string | undefined } {
  const value = parseSeverity(word);
  return value === undefined ? { fault: `must be one of ${SEVERITIES.join(', ')}`, hint: didYouMean(word, SEVERITIES) } : { value };
}
