import type { AlertInput } from '../../alert/alert.ts';
import { AlertError, readRecipientName } from '../../alert/parse/parse-alert.ts';
import type { Purpose } from '../../alert/purpose.ts';
import type { Config } from '../../config/config.ts';
import { didYouMean } from '../../text/suggest.ts';
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

/** Returns the same error, with a suggestion for each name that is not in the config. */
export function withNearNames(error: AlertError, { to, template }: AlertInput, config: Config): AlertError {
  const recipients = [to ?? []].flat();
  const near = (path: string): string | undefined => {
    if (path === 'template.name') return didYouMean(template?.name ?? '', config.templates.keys());
    const entry = recipients[Number(/^to\[(\d+)\]$/.exec(path)?.[1] ?? Number.NaN)];
    const named = entry === undefined ? undefined : readRecipientName(entry);
    if (named === undefined) return undefined;
    const known = { contact: config.contacts, group: config.groups, rotation: config.rotations }[named.kind];
    return known.has(named.name) ? undefined : didYouMean(named.name, known.keys());
  };
  return new AlertError(
    error.issues.map(({ path, message }) => {
      const hint = near(path);
      return { path, message: hint === undefined ? message : `${message} (${hint})` };
    }),
  );
}
