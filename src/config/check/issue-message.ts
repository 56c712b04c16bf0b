import type { z } from 'zod';
import { KINDS as ALERT_KINDS } from '../../alert/parse/describe-issues.ts';

/** Names of types as for alerts, except that YAML calls a JSON object a map. */
const KINDS: Readonly<Record<string, string>> = { ...ALERT_KINDS, object: 'a map of settings', record: 'a map of settings' };

/** Words Zod's issues in this project's terms. Never quotes the value, which may be a secret. */
export const issueMessage: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${KINDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
    case 'invalid_union':
      if (!Array.isArray(issue.options)) return 'matches none of the allowed forms';
      return `${typeOf(issue) === undefined ? 'is missing:' : 'must be'} one of ${issue.options.map(String).join(', ')}`;
    case 'too_small':
      if (issue.origin === 'string') return 'must not be empty';
      return issue.origin === 'array'
        ? `must have at least ${issue.minimum}`
        : `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
    case 'too_big':
      if (issue.origin === 'string') return `must be at most ${issue.maximum} characters long`;
      return issue.origin === 'array'
        ? `must have at most ${issue.maximum}`
        : `must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`;
    case 'invalid_format':
      return issue.format === 'regex' ? 'has an invalid format' : `must be ${issue.format === 'url' ? 'a URL' : issue.format}`;
    case 'unrecognized_keys':
      return 'unknown key';
    default:
      return 'is not valid';
  }
};

function typeOf({ input, discriminator }: { input: unknown; discriminator?: string | undefined }): unknown {
  return discriminator === undefined ? undefined : (input as Record<string, unknown> | null)?.[discriminator];
}
