import { z } from 'zod';
import { durationBetween } from './duration.ts';
import { purposeMatcher, severityMatcher, textMatcher } from './matcher.ts';
import { readSeverity } from './severity-word.ts';

const severity = z.string().transform((word, ctx) => {
  const verdict = readSeverity(word);
  if ('value' in verdict) return verdict.value;
  ctx.addIssue({ code: 'custom', message: verdict.fault, params: { hint: verdict.hint } });
  return z.NEVER;
});

const weighted = z.strictObject({
  name: z.string().min(1),
  weight: z.number().positive('must be more than 0; leave the provider out to send nothing through it').max(1000),
});

const providerList = z
  .array(z.union([z.string().min(1), weighted], { error: 'must be a name, or such as { name: twilio-main, weight: 3 }' }))
  .min(1, 'must name at least one provider');

/** One route. Keys left out stay out: what they default to depends on the alert. */
export const routeSchema = z.strictObject({
  name: z.string().min(1).max(64).exactOptional(),
  match: z
    .strictObject({
      severity: severityMatcher.exactOptional(),
      purpose: purposeMatcher.exactOptional(),
      source: textMatcher.exactOptional(),
      labels: z.record(z.string(), textMatcher).exactOptional(),
    })
    .default({}),
  minSeverity: severity.exactOptional(),
  dedupeFor: durationBetween('0', '7d').exactOptional(),
  // A resolve is remembered for two days: a text that could live longer might go out after it.
  expiresAfter: durationBetween('1s', '2d').default(3_600_000),
  providers: providerList,
  /** Which calling codes there are is checked with the names: see `cross-check.ts`. */
  countries: z.record(z.string(), providerList).exactOptional(),
  overflow: z
    .enum(['defer', 'drop'], {
      error: ({ input }) => (input === 'digest' ? '"digest" comes with a later version: until then write defer or drop' : undefined),
    })
    .default('defer'),
  onUnknown: z.enum(['resend', 'hold']).exactOptional(),
  maxSegments: z.int().min(1).max(10).exactOptional(),
  transliterate: z.boolean().exactOptional(),
  template: z.string().min(1).exactOptional(),
});
