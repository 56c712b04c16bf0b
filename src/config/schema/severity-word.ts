import { parseSeverity, SEVERITIES, type Severity } from '../../alert/severity.ts';
import { didYouMean } from '../../text/suggest.ts';

/** A severity or an alias of one, as alerts may write it too. */
export function readSeverity(word: string): { readonly value: Severity } | { readonly fault: string; readonly hint?: string | undefined } {
  const value = parseSeverity(word);
  return value === undefined ? { fault: `must be one of ${SEVERITIES.join(', ')}`, hint: didYouMean(word, SEVERITIES) } : { value };
}
