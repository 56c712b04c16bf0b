import { z } from 'zod';
import { PURPOSES } from '../../alert/purpose.ts';
import { patternFault } from '../../policy/linear-pattern.ts';
import { type Matcher, OVERFLOWS } from '../../policy/route.ts';
import { durationBetween } from '../../setting/duration.ts';
import { didYouMean } from '../../text/suggest.ts';
import { routeCapsSchema } from './caps-schema.ts';
import { quietHoursSchema } from './quiet-hours-schema.ts';
import { readSeverity, severitySchema } from './severity-schema.ts';

type Read = (value: string) => { readonly value: string } | { readonly fault: string; readonly hint?: string | undefined };

const asWritten: Read = (value) => ({ value });

/** A string, a list (one of) or `/regex/`, `/regex/i`. `read` validates each plain value. */
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
          return fault('a list cannot contain a pattern: use one pattern, such as /a|b/', path);
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

/** Compiles the expression, or returns what is wrong with it. */
function readPattern({ source, flags }: { source: string; flags: string }): RegExp | string {
  try {
    return new RegExp(source, flags);
  } catch (error) {
    return (error as Error).message.split(': ').at(-1) ?? '';
  }
}

/** Matcher for values that producers choose freely. */
const textMatcher = createMatcher(asWritten);

/** Accepts aliases as alerts do, since a route sees only the canonical word. */
const severityMatcher = createMatcher(readSeverity);

const purposeMatcher = createMatcher((word) =>
  (PURPOSES as readonly string[]).includes(word)
    ? { value: word }
    : { fault: `must be one of ${PURPOSES.join(', ')}`, hint: didYouMean(word, PURPOSES) },
);

const weighted = z.strictObject({
  name: z.string().min(1),
  weight: z.number().positive('must be more than 0; remove the provider to send nothing through it').max(1000),
});

const providerList = z
  .array(z.union([z.string().min(1), weighted], { error: 'must be a name, or such as { name: twilio-main, weight: 3 }' }))
  .min(1, 'must name at least one provider');

/** One route. Omitted keys stay absent: their defaults depend on the alert. */
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
  // A resolve is stored for two days: a message with a longer deadline could be sent after it.
  expiresAfter: durationBetween('1s', '2d').default(3_600_000),
  providers: providerList,
  /** Calling codes are checked together with the names: see `cross-check.ts`. */
  countries: z.record(z.string(), providerList).exactOptional(),
  /** Allows simulated providers beside real ones. */
  allowSimulated: z.boolean().default(false),
  overflow: z.enum(OVERFLOWS).exactOptional(),
  onUnknown: z.enum(['resend', 'hold']).exactOptional(),
  maxSegments: z.int().min(1).max(10).exactOptional(),
  transliterate: z.boolean().exactOptional(),
  template: z.string().min(1).exactOptional(),
  /** Caps in addition to the global ones; they count messages of this route only. */
  caps: routeCapsSchema.exactOptional(),
  quietHours: quietHoursSchema.exactOptional(),
  /** A key of `escalations`; absent: messages are sent immediately, without escalation. */
  escalation: z.string().min(1).exactOptional(),
  /** Adds a code to the message; a reply with it ends the escalation. */
  acknowledge: z.boolean().exactOptional(),
  resolvedTexts: z.boolean().exactOptional(),
  consent: z.enum(['required', 'exempt']).exactOptional(),
});
