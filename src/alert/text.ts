import type { Severity } from './severity.ts';

export interface TextParts {
  readonly severity: Severity | 'resolved';
  readonly text: string;
  readonly instance?: string | undefined;
}

/** Free text of an alert without a template. */
export function renderText({ severity, text, instance }: TextParts): string {
  const word = severity.toUpperCase();
  return instance === undefined ? `${word}: ${text}` : `Instance: ${instance}, Priority: ${word}, Content: ${text}`;
}

const PLACEHOLDER = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** Returns the placeholder names of a template text, without duplicates. */
export function placeholders(text: string): string[] {
  return [...new Set([...text.matchAll(PLACEHOLDER)].map((match) => match[1] as string))];
}

/** Replaces `{name}` by its value. Callers check for missing values first, with {@link placeholders}. */
export function fillTemplate(text: string, params: Readonly<Record<string, string>>): string {
  return text.replace(PLACEHOLDER, (whole, name: string) => (Object.hasOwn(params, name) ? (params[name] as string) : whole));
}
