import { MAX_RECIPIENTS, MAX_TEXT, type ParsedAlert, STATUSES } from '../alert.ts';
import { ALERT_ID_PATTERN, LONGEST_DEDUP_KEY } from '../id.ts';
import { PURPOSES } from '../purpose.ts';
import { SEVERITIES } from '../severity.ts';

/** What the schema leaves as it is: no control character, no half of a pair, nothing to trim. */
const PLAIN_LINE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

const CHECKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  id: (value) => typeof value === 'string' && ALERT_ID_PATTERN.test(value),
  severity: oneOf(SEVERITIES),
  status: (value) => value === 'firing' || value === undefined,
  to: (value) =>
    isRecipient(value) || (Array.isArray(value) && value.length > 0 && value.length <= MAX_RECIPIENTS && value.every(isRecipient)),
  text: isLine(MAX_TEXT),
  purpose: (value) => value === undefined || oneOf(PURPOSES)(value),
  source: isLine(256),
  instance: isLine(256),
  labels: (value) => typeof value === 'object' && value !== null && Object.keys(value).length === 0 && !Array.isArray(value),
  dedupKey: isLine(LONGEST_DEDUP_KEY),
};

function oneOf(words: readonly string[]): (value: unknown) => boolean {
  return (value) => words.includes(value as string);
}

function isLine(longest: number): (value: unknown) => boolean {
  return (value) => typeof value === 'string' && value.length <= longest && PLAIN_LINE.test(value);
}

function isRecipient(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= 128;
}

/**
 * Reads the usual alert without the schema, which costs as much as a call to Redis and runs twice for each: a firing alert with
 * recipients and one line of text. For such data it returns what the schema would; `undefined` for all others.
 * @param fields tidied, see `tidyAlert`
 */
export function readPlainAlert(fields: unknown): ParsedAlert | undefined {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return undefined;
  for (const [name, value] of Object.entries(fields)) {
    if (!Object.hasOwn(CHECKS, name) || !CHECKS[name]?.(value)) return undefined;
  }
  const { id, severity, to, text, purpose, source, instance, dedupKey } = fields as Partial<ParsedAlert>;
  if (severity === undefined || to === undefined || text === undefined) return undefined;
  return {
    ...(id === undefined ? {} : { id }),
    severity,
    status: STATUSES[0],
    to: typeof to === 'string' ? [to] : [...to],
    text,
    purpose: purpose ?? PURPOSES[0],
    ...(source === undefined ? {} : { source }),
    ...(instance === undefined ? {} : { instance }),
    labels: {},
    ...(dedupKey === undefined ? {} : { dedupKey }),
  };
}
