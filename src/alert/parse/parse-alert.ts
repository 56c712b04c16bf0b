import { alertSchema, MAX_RECIPIENTS, type ParsedAlert, unknownSeverity } from '../alert.ts';
import { idInText } from '../id.ts';
import { type CountryCode, hasCountryCode, maskEntry, maskNumbers, parsePhone, phoneTextFault } from '../phone/phone.ts';
import { SEVERITY_WORDS, type SeverityWords } from '../severity.ts';
import { describeIssues, type Issue, issueSentence } from './describe-issues.ts';
import { readPlainAlert } from './plain-alert.ts';
import { tidyAlert } from './tidy-alert.ts';

/** Kinds of named recipients, written `contact:alice`, `group:oncall`, `rotation:primary`. */
export const RECIPIENT_KINDS = ['contact', 'group', 'rotation'] as const;
export type RecipientKind = (typeof RECIPIENT_KINDS)[number];

const NAMED = new RegExp(`^(${RECIPIENT_KINDS.join('|')}):(.*)$`, 's');

/** Parses a named recipient; `undefined` for anything else, such as a phone number. */
export function readRecipientName(entry: string): { readonly kind: RecipientKind; readonly name: string } | undefined {
  const [, kind, name = ''] = NAMED.exec(entry) ?? [];
  return kind === undefined ? undefined : { kind: kind as RecipientKind, name };
}

export { formatPath } from './describe-issues.ts';
export type { Issue };

/**
 * All faults of an alert: those of its structure, or else all unknown names and invalid numbers. A phone number in a
 * wrong field is masked.
 */
export class AlertError extends Error {
  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[]) {
    super(issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; '));
    this.name = 'AlertError';
    this.issues = issues;
  }
}

/** Represents data that are not JSON, with the reason. Parsers quote their input, so numbers are masked. */
export class Unreadable {
  readonly reason: string;
  /** The alert id, when it could be read. */
  readonly id?: string;
  constructor(reason: string, text = '') {
    this.reason = maskNumbers(reason);
    const id = idInText(text);
    if (id !== undefined) this.id = id;
  }
}

/** The facts available to the caller of the parser. Each absent fact is checked later, by the router. */
export interface Directory {
  readonly defaultCountry?: CountryCode | undefined;
  /** Rejects numbers without a country code when there is no default country. */
  readonly strictNumbers: boolean;
  /** Severity words including those of the config; absent: the built-in words. */
  readonly severityWords?: SeverityWords | undefined;
  readonly hasContact?: (name: string) => boolean;
  readonly hasGroup?: (name: string) => boolean;
  readonly hasRotation?: (name: string) => boolean;
  /** Counts the phones of these recipients with contacts, groups and rotations resolved. */
  readonly countPhones?: (to: readonly string[]) => number;
  /** Returns the placeholders of a template; `undefined` for an unknown template. */
  readonly templateParams?: (name: string) => readonly string[] | undefined;
  /** Checks the values of the params of an alert's template, all of which are present. */
  readonly lintTemplate?: (alert: ParsedAlert) => readonly Issue[];
}

/** @throws {AlertError} with every invalid field */
export function parseAlert(data: unknown, directory: Directory): ParsedAlert {
  const { severityWords = SEVERITY_WORDS } = directory;
  const tidy = tidyAlert(data, severityWords);
  const alert = readPlainAlert(tidy) ?? readBySchema(tidy, severityWords);
  const issues = [...recipientIssues(alert, directory), ...templateIssues(alert, directory)];
  if (issues.length > 0) throw new AlertError(issues);
  return alert;
}

function readBySchema(tidy: unknown, words: SeverityWords): ParsedAlert {
  const parsed = alertSchema.safeParse(tidy, { error: issueSentence });
  if (!parsed.success) throw new AlertError(describeIssues(parsed.error.issues, tidy).map((issue) => withWords(issue, tidy, words)));
  return parsed.data;
}

/** Like {@link parseAlert}, but returns the error as a value, for callers that continue with other alerts. */
export function readAlert(data: unknown, directory: Directory): ParsedAlert | AlertError {
  try {
    return parseAlert(data, directory);
  } catch (error) {
    if (error instanceof AlertError) return error;
    throw error;
  }
}

function recipientIssues({ to = [] }: ParsedAlert, directory: Directory): Issue[] {
  const issues = to.flatMap((entry, index) => {
    const message = recipientFault(entry, directory);
    return message === undefined ? [] : [{ path: `to[${index}]`, message }];
  });
  if (issues.length > 0 || !to.some((entry) => /^(group|rotation):/.test(entry))) return issues;
  const phones = directory.countPhones?.(to) ?? 0;
  return phones <= MAX_RECIPIENTS ? [] : [{ path: 'to', message: `${phones} phones after resolving groups: ${MAX_RECIPIENTS} at most` }];
}

export const NO_RECIPIENT = 'neither a phone number nor contact:<name>, group:<name> or rotation:<name>';

function recipientFault(entry: string, directory: Directory): string | undefined {
  const { defaultCountry, strictNumbers, hasContact, hasGroup, hasRotation } = directory;
  const named = readRecipientName(entry);
  if (named !== undefined) {
    const { kind, name } = named;
    const has = kind === 'contact' ? hasContact : kind === 'group' ? hasGroup : hasRotation;
    const known = has?.(name);
    return known === false ? `no ${kind} named "${maskNumbers(name)}" in the config` : undefined;
  }
  const digits = entry.match(/\p{Nd}/gu)?.length ?? 0;
  if (digits === 0 || (digits < 4 && /\p{L}/u.test(entry))) return NO_RECIPIENT;
  const fault =
    strictNumbers || defaultCountry !== undefined || hasCountryCode(entry) ? numberFault(entry, defaultCountry) : phoneTextFault(entry);
  return fault && `${fault}, got "${maskEntry(entry)}"`;
}

function numberFault(entry: string, defaultCountry: CountryCode | undefined): string | undefined {
  const verdict = parsePhone(entry, defaultCountry);
  return verdict.ok ? undefined : verdict.message;
}

function templateIssues(alert: ParsedAlert, { templateParams, lintTemplate }: Directory): readonly Issue[] {
  const { template } = alert;
  if (template === undefined || templateParams === undefined) return [];
  const wanted = templateParams(template.name);
  if (wanted === undefined) return [{ path: 'template.name', message: `no template named "${maskNumbers(template.name)}" in the config` }];
  const missing = wanted
    .filter((name) => !Object.hasOwn(template.params, name))
    .map((name) => ({ path: `template.params.${name}`, message: `template "${template.name}" needs this parameter` }));
  return missing.length > 0 ? missing : (lintTemplate?.(alert) ?? []);
}

/** Adds the severity words of the config to an issue; the schema does not know them. */
function withWords(issue: Issue, data: unknown, words: SeverityWords): Issue {
  const { severity } = (data ?? {}) as { severity?: unknown };
  return issue.path === 'severity' && typeof severity === 'string' ? { ...issue, message: unknownSeverity(severity, words) } : issue;
}
