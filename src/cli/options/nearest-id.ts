import { editDistance } from '../../text/suggest.ts';

/** A slip of the finger; more would be another of those ids that differ in a number alone. */
const SLIPS = 2;
/** A shorter beginning may be that of anything. */
const SHORTEST_PART = 5;

/** The id that was most likely meant: one mistyped, or cut off when it was copied. @param known newest first */
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
