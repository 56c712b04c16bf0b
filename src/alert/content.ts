import type { ParsedAlert } from './alert.ts';
import { dedupKeyOf } from './dedup-key.ts';
import { hash } from './id.ts';

/**
 * Hash of what an alert asks for: two alerts of one id whose contents differ are a mistake of their producer. Times do not
 * count, as a retry may set new ones. The words count through the dedup key: where the producer gave one, newer words
 * about the same problem, such as another measured value, are the same content.
 */
export function contentOf(alert: ParsedAlert): string {
  const { severity, purpose, status, to = [] } = alert;
  return hash('content', JSON.stringify([severity, purpose, status, [...to].sort(), dedupKeyOf(alert)]));
}
