/** Longer than any name; the distance takes time and memory by the product of both lengths. */
const LONGEST = 200;

/**
 * The known name that was most likely meant, or `undefined` when none is near.
 * A part of a name counts too, so that `twillio` leads to `twilio-main`.
 */
export function suggest(written: string, known: Iterable<string>): string | undefined {
  if (written.length > LONGEST) return undefined;
  const ranked = [...known]
    .map((name) => ({ name, distance: distanceToName(written.toLowerCase(), name.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.max(1, Math.floor(written.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.name;
}

/** {@link suggest} as a hint. */
export function didYouMean(written: string, known: Iterable<string>): string | undefined {
  const near = suggest(written, known);
  return near === undefined ? undefined : `did you mean "${near}"?`;
}

function distanceToName(written: string, name: string): number {
  const parts = name.split(/[-_. ]/).filter((part) => part.length > 2);
  return Math.min(editDistance(written, name), ...parts.map((part) => editDistance(written, part) + 0.5));
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from one to the other. */
export function editDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  const at = (i: number, j: number) => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY;
      const replaced = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      (rows[i] as number[])[j] = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, replaced, swapped);
    }
  }
  return at(a.length, b.length);
}

/** The names there are, for a hint: all when they are few. */
export function listNames(names: readonly string[]): string {
  return names.length <= 8 ? names.join(', ') : `${names.slice(0, 8).join(', ')} and ${names.length - 8} more`;
}
