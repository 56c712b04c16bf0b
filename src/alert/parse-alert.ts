import type { CountryCode } from 'libphonenumber-js/max';
import type { z } from 'zod';
import { alertSchema, type ParsedAlert } from './alert.ts';
import { parsePhone } from './phone.ts';

export interface Issue {
  /** Such as `to[2]` or `template.name`; empty for the alert as a whole. */
  readonly path: string;
  readonly message: string;
}

/** What is wrong with an alert, every fault at once. */
export class AlertError extends Error {
  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[]) {
    super(issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; '));
    this.name = 'AlertError';
    this.issues = issues;
  }
}

/** Stands in for data that could not be read at all, and says why. */
export class Unreadable {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** What the place that parses knows; each fact left out is checked later, by the router. */
export interface Directory {
  readonly defaultCountry?: CountryCode | undefined;
  /** Refuse numbers without a country code when there is no default country. */
  readonly strictNumbers: boolean;
  readonly hasContact?: (name: string) => boolean;
  readonly hasGroup?: (name: string) => boolean;
  /** The names that a template's text asks for; `undefined` for an unknown template. */
  readonly templateParams?: (name: string) => readonly string[] | undefined;
}

/** @throws {AlertError} naming every field that is wrong. */
export function parseAlert(data: unknown, directory: Directory): ParsedAlert {
  const parsed = alertSchema.safeParse(data);
  if (!parsed.success) throw new AlertError(parsed.error.issues.flatMap(readable));
  const issues = [...recipientIssues(parsed.data.to ?? [], directory), ...templateIssues(parsed.data, directory)];
  if (issues.length > 0) throw new AlertError(issues);
  return parsed.data;
}

function recipientIssues(to: readonly string[], directory: Directory): Issue[] {
  return to.flatMap((entry, index) => {
    const message = recipientFault(entry, directory);
    return message === undefined ? [] : [{ path: `to[${index}]`, message }];
  });
}

function recipientFault(entry: string, { defaultCountry, strictNumbers, hasContact, hasGroup }: Directory): string | undefined {
  const [, kind, name] = /^(contact|group):(.*)$/s.exec(entry) ?? [];
  if (kind === 'contact') return hasContact?.(name as string) === false ? `no contact named "${name}" in the config` : undefined;
  if (kind === 'group') return hasGroup?.(name as string) === false ? `no group named "${name}" in the config` : undefined;
  if (!strictNumbers && defaultCountry === undefined && !/^\s*(\+|00)/.test(entry)) {
    return /^[\d\s()./-]{4,20}$/.test(entry) ? undefined : 'neither a phone number nor contact:<name> nor group:<name>';
  }
  const verdict = parsePhone(entry, defaultCountry);
  return verdict.ok ? undefined : verdict.message;
}

function templateIssues({ template }: ParsedAlert, { templateParams }: Directory): Issue[] {
  if (template === undefined || templateParams === undefined) return [];
  const wanted = templateParams(template.name);
  if (wanted === undefined) return [{ path: 'template.name', message: `no template named "${template.name}" in the config` }];
  return wanted
    .filter((name) => !Object.hasOwn(template.params, name))
    .map((name) => ({ path: `template.params.${name}`, message: `template "${template.name}" needs this parameter` }));
}

function readable(issue: z.core.$ZodIssue): Issue[] {
  const path = formatPath(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: path === '' ? key : `${path}.${key}`, message: 'unknown key' }));
  }
  return [{ path, message: issue.message }];
}

/** `['to', 2]` → `to[2]`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`),
    '',
  );
}
