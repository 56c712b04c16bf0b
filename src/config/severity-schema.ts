import { z } from 'zod';
import { readSeverity } from './severity-word.ts';

/** A severity, in any of the words that senders use. */
export const severitySchema = z.string().transform((word, ctx) => {
  const verdict = readSeverity(word);
  if ('value' in verdict) return verdict.value;
  ctx.addIssue({ code: 'custom', message: verdict.fault, params: { hint: verdict.hint } });
  return z.NEVER;
});
