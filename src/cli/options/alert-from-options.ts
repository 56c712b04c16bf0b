import type { AlertInput, Purpose } from '../../alert/alert.ts';
import { UsageError } from '../cli-failure.ts';

/** Flags of `send` that make up the alert, as the argument parser returns them. */
export interface AlertOptions {
  readonly to: string[];
  readonly severity: string;
  readonly template?: string;
  /** `name=value`; the same for `label`. */
  readonly param?: readonly string[];
  readonly id?: string;
  readonly dedupKey?: string;
  readonly source?: string;
  readonly instance?: string;
  readonly label?: readonly string[];
  readonly purpose?: Purpose;
  readonly expiresAt?: string;
}

/** Builds the alert from the flags; the producer validates its fields. @throws {UsageError} */
export function alertFromOptions(words: readonly string[], options: AlertOptions): AlertInput {
  const { to, severity, template, param, label, id, dedupKey, source, instance, purpose, expiresAt } = options;
  if (words.length > 1) throw new UsageError('put the text in quotes: it must be one argument');
  const [text] = words;
  if (text === undefined && template === undefined) throw new UsageError('nothing to send: give a text in quotes, or --template NAME');
  if (text !== undefined && template !== undefined) throw new UsageError('give a text or --template, not both');
  if (param !== undefined && template === undefined) throw new UsageError('--param requires --template NAME');
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

/** Parses `name=value` entries. The value may contain `=`; it is never quoted in the error, because it may be a login code. */
export function pairs(flag: string, entries: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const equals = entry.indexOf('=');
      if (equals < 1) throw new UsageError(`${flag} must be name=value`);
      return [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
}
