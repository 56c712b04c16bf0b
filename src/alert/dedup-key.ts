import type { ParsedAlert } from './alert.ts';
import { hash } from './id.ts';

/**
 * Returns the producer's key, or one derived from the subject of the alert. The severity is not part of it, so that a
 * resolve finds the alert.
 */
export function dedupKeyOf({ dedupKey, source, instance, labels, text, template }: ParsedAlert): string {
  if (dedupKey !== undefined) return dedupKey;
  const sorted = (record: Readonly<Record<string, string>>) => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  const about = template === undefined ? text : [template.name, sorted(template.params)];
  return `auto-${hash(JSON.stringify([source, instance, sorted(labels), about]))}`;
}

/**
 * Hash of the content of an alert: two alerts with one id and different contents are an error of their producer. Times
 * are not part of it, as a retry may set new ones. The text counts through the dedup key: with a key from the producer,
 * a new text about the same problem, such as another measured value, is the same content.
 */
export function contentOf(alert: ParsedAlert): string {
  const { severity, purpose, status, to = [] } = alert;
  return hash('content', JSON.stringify([severity, purpose, status, [...to].sort(), dedupKeyOf(alert)]));
}
