import type { Severity } from './severity.ts';

export interface TextParts {
  readonly severity: Severity | 'resolved';
  readonly text: string;
  readonly instance?: string | undefined;
}

/** The free text of an alert without a template. */
export function renderText({ severity, text, instance }: TextParts): string {
  const word = severity.toUpperCase();
  return instance === undefined ? `${word}: ${text}` : `Instance: ${instance}, Priority: ${word}, Content: ${text}`;
}

const PLACEHOLDER = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** The names that a template's text asks for, each once. */
export function placeholders(text: string): string[] {
  return [...new Set([...text.matchAll(PLACEHOLDER)].map((match) => match[1] as string))];
}

/** Fills `{name}`; a name without a parameter is the caller's to refuse before, with {@link placeholders}. */
export function fillTemplate(text: string, params: Readonly<Record<string, string>>): string {
  return text.replace(PLACEHOLDER, (whole, name: string) => (Object.hasOwn(params, name) ? (params[name] as string) : whole));
}
