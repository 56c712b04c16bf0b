import { isMap, type Node } from 'yaml';
import type { Finding } from '../finding.ts';
import { keyOf, nodesUnder, type YamlSource } from './yaml-source.ts';

const NAMED = ['providers', 'contacts', 'groups', 'rotations', 'templates'];

/** Two keys of one name: YAML would let the last win. The later one is taken out. */
export function takeDuplicates(source: YamlSource): Finding[] {
  const findings: Finding[] = [];
  for (const { node, path } of nodesUnder(source.document.contents)) {
    if (!isMap(node)) continue;
    const first = new Map<string, number>();
    node.items = node.items.filter((pair) => {
      const key = keyOf(pair);
      const offset = (pair.key as Node).range?.[0] ?? 0;
      const earlier = first.get(key);
      if (earlier === undefined) return first.set(key, offset);
      const noun = path.length === 1 ? NAMED.find((section) => section === path[0]) : undefined;
      findings.push({
        path: [...path, key],
        offset,
        message: `${noun === undefined ? 'this key is written twice' : `two ${noun} with one name`}, the first in line ${source.lineOf(earlier)}`,
        hint: noun === undefined ? 'keep one' : 'give each its own name',
        hideValue: true,
      });
      return false;
    });
  }
  return findings;
}
