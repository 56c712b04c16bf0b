/** Lines that differ in one word only, merged: `disk full on db-1, db-2, db-3`. */
interface Group {
  /** Words before and after the differing one; `at` is undefined for an unmerged line. */
  words: readonly string[];
  at: number | undefined;
  readonly values: string[];
}

/**
 * Merges lines that are equal or differ in the same single word; others stay unchanged. Groups keep the order of their
 * first line. Every word stays, and no line is shortened.
 */
export function mergeSimilar(lines: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  const distinct = [...counts].map(([line, count]) => ({ words: line.split(' '), mark: count > 1 ? ` (${count} times)` : '' }));
  const sizes = new Map<string, number>();
  for (const { words } of distinct) for (const key of keysOf(words)) sizes.set(key, (sizes.get(key) ?? 0) + 1);

  const groups = new Map<string, Group>();
  for (const { words, mark } of distinct) {
    const keys = keysOf(words);
    const largest = keys.reduce(
      (best, key, at) => ((sizes.get(key) as number) > (sizes.get(keys[best] as string) as number) ? at : best),
      0,
    );
    const isAlone = (sizes.get(keys[largest] as string) as number) < 2;
    const key = isAlone ? `${words.join(' ')}\n` : (keys[largest] as string);
    const group = groups.get(key) ?? { words, at: isAlone ? undefined : largest, values: [] };
    group.values.push((isAlone ? '' : words[largest]) + mark);
    groups.set(key, group);
  }
  return [...groups.values()].map(write);
}

/** Returns one key per word: the line without that word. */
function keysOf(words: readonly string[]): string[] {
  return words.map((_, at) => words.map((word, index) => (index === at ? '\n' : word)).join(' '));
}

function write({ words, at, values }: Group): string {
  if (at === undefined) return words.join(' ') + values.join('');
  return words.map((word, index) => (index === at ? values.join(', ') : word)).join(' ');
}
