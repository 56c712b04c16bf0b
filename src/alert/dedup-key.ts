import type { ParsedAlert } from './alert.ts';
import { hash } from './id.ts';

/** The producer's key, or one made of what the alert is about: not of its severity, so that a resolve finds it. */
export function dedupKeyOf({ dedupKey, source, instance, labels, text, template }: ParsedAlert): string {
  if (dedupKey !== undefined) return dedupKey;
  const sorted = (record: Readonly<Record<string, string>>) => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  const about = template === undefined ? text : [template.name, sorted(template.params)];
  return `auto-${hash(JSON.stringify([source, instance, sorted(labels), about]))}`;
}

/**
 * Hash of what an alert asks for: two alerts of one id whose contents differ are a mistake of their producer. Times do not
 * count, as a retry may set new ones. The words count through the dedup key: where the producer gave one, newer words
 * about the same problem, such as another measured value, are the same content.
 */
export function contentOf(alert: ParsedAlert): string {
  const { severity, purpose, status, to = [] } = alert;
  return hash('content', JSON.stringify([severity, purpose, status, [...to].sort(), dedupKeyOf(alert)]));
}
