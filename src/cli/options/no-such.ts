import { didYouMean, listNames } from '../../text/suggest.ts';

/** `no provider is named "twillio" (did you mean "twilio-main"?)`, or which there are. */
export function noSuch(what: string, written: string, known: readonly string[]): string {
  const there = known.length === 0 ? 'there is none' : `there are ${listNames(known)}`;
  return `no ${what} is named "${written}" (${didYouMean(written, known) ?? there})`;
}

/** `Use info, warning, error, critical.`, and which of them was most likely meant. */
export function useOneOf(written: string, known: readonly string[]): string {
  const near = didYouMean(written, known);
  return `Use ${known.join(', ')}.${near === undefined ? '' : ` (${near.charAt(0).toUpperCase()}${near.slice(1)})`}`;
}

/** The id of an outgoing event, which stands in our log and among the dead, and which no ledger knows. */
export const isEventId = (id: string) => /^e-[\w-]{22}$/.test(id);
