import type { AlertInput, Purpose } from '../../alert/alert.ts';
import { UsageError } from '../cli-failure.ts';

/** The flags of `send` that make up the alert, as the argument parser gives them. */
export interface AlertOptions {
  readonly to: string[];
  readonly severity: string;
  readonly template?: string;
  /** `name=value` each, as is `label`. */
  readonly param?: readonly string[];
  readonly id?: string;
  readonly dedupKey?: string;
  readonly source?: string;
  readonly instance?: string;
  readonly label?: readonly string[];
  readonly purpose?: Purpose;
  readonly expiresAt?: string;
}

/** What was typed as an alert; whether its fields are right is the producer's to say. @throws {UsageError} */
export function alertFromOptions(words: readonly string[], options: AlertOptions): AlertInput {
  const { to, severity, template, param, label, id, dedupKey, source, instance, purpose, expiresAt } = options;
  if (words.length > 1) throw new UsageError('put the text in quotes: it must be one argument');
  const [text] = words;
  if (text === undefined && template === undefined) throw new UsageError('say what to send: a text in quotes, or --template NAME');
  if (text !== undefined && template !== undefined) throw new UsageError('give a text or --template, not both');
  if (param !== undefined && template === undefined) throw new UsageError('--param belongs to --template NAME');
  return {
    to,
    severity,
    text,
    template: template === undefined ? undefined : { name: template, params: pairs('--param', param) },
    labels: pairs('--label', label),
    id,
    dedupKey,
    source,
    instance,
    purpose,
    expiresAt,
  };
}

/** The value may hold `=` itself. It is never quoted in the error: it may be a login code. */
export function pairs(flag: string, entries: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const equals = entry.indexOf('=');
      if (equals < 1) throw new UsageError(`${flag} wants name=value`);
      return [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
}
