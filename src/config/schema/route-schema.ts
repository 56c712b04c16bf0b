import { z } from 'zod';
import { OVERFLOWS } from '../../policy/route.ts';
import { durationBetween } from '../../setting/duration.ts';
import { routeCapsSchema } from './caps-schema.ts';
import { purposeMatcher, severityMatcher, textMatcher } from './matcher.ts';
import { quietHoursSchema } from './quiet-hours-schema.ts';
import { severitySchema } from './severity-schema.ts';

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
  minSeverity: severitySchema.exactOptional(),
  dedupeFor: durationBetween('0', '7d').exactOptional(),
  // A resolve is remembered for two days: a text that could live longer might go out after it.
  expiresAfter: durationBetween('1s', '2d').default(3_600_000),
  providers: providerList,
  /** Which calling codes there are is checked with the names: see `cross-check.ts`. */
  countries: z.record(z.string(), providerList).exactOptional(),
  /** Takes simulated providers beside real ones. */
  allowSimulated: z.boolean().default(false),
  overflow: z.enum(OVERFLOWS).exactOptional(),
  onUnknown: z.enum(['resend', 'hold']).exactOptional(),
  maxSegments: z.int().min(1).max(10).exactOptional(),
  transliterate: z.boolean().exactOptional(),
  template: z.string().min(1).exactOptional(),
  /** Besides the caps of all: what is counted of this route alone. */
  caps: routeCapsSchema.exactOptional(),
  quietHours: quietHoursSchema.exactOptional(),
  /** A key of `escalations`; left out: texts at once, and that is all. */
  escalation: z.string().min(1).exactOptional(),
  /** Puts a code into the text that ends the escalation when it is sent back. */
  acknowledge: z.boolean().exactOptional(),
  resolvedTexts: z.boolean().exactOptional(),
  consent: z.enum(['required', 'exempt']).exactOptional(),
});
