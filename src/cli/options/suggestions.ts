import { didYouMean, editDistance, listNames } from '../../text/suggest.ts';

/** Maximum edit distance of a mistyped id; more would match ids that differ only in a number. */
const SLIPS = 2;
/** Minimum length of a truncated id. */
const SHORTEST_PART = 5;

/** Finds the most likely id for a mistyped or truncated one. @param known newest first */
export function nearestId(written: string, known: readonly string[]): string | undefined {
  const cutOff = written.length < SHORTEST_PART ? undefined : known.find((id) => id.startsWith(written));
  if (cutOff !== undefined) return cutOff;
  const slips = Math.min(SLIPS, Math.floor(written.length / 4));
  const near = known
    .filter((id) => Math.abs(id.length - written.length) <= slips)
    .map((id) => ({ id, distance: editDistance(written, id) }))
    .filter(({ distance }) => distance <= slips);
  return near.toSorted((a, b) => a.distance - b.distance)[0]?.id;
}

/** Builds `no provider is named "twillio" (did you mean "twilio-main"?)`, or lists the known names. */
export function noSuch(what: string, written: string, known: readonly string[]): string {
  const there = known.length === 0 ? 'there is none' : `there are ${listNames(known)}`;
  return `no ${what} is named "${written}" (${didYouMean(written, known) ?? there})`;
}

/** Builds `Use info, warning, error, critical.`, with a suggestion. */
export function useOneOf(written: string, known: readonly string[]): string {
  const near = didYouMean(written, known);
  return `Use ${known.join(', ')}.${near === undefined ? '' : ` (${near.charAt(0).toUpperCase()}${near.slice(1)})`}`;
}

/** Returns whether an id is that of an outgoing event. It appears in logs and dead letters, but not in the ledger. */
export const isEventId = (id: string) => /^e-[\w-]{22}$/.test(id);
