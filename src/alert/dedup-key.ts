import type { ParsedAlert } from './alert.ts';
import { hash } from './id.ts';

/** The producer's key, or one made of what the alert is about: not of its severity, so that a resolve finds it. */
export function dedupKeyOf({ dedupKey, source, instance, labels, text, template }: ParsedAlert): string {
  if (dedupKey !== undefined) return dedupKey;
  const sorted = (record: Readonly<Record<string, string>>) => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  const about = template === undefined ? text : [template.name, sorted(template.params)];
  return `auto-${hash(JSON.stringify([source, instance, sorted(labels), about]))}`;
}
