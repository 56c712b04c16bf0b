import { isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml';
import type { Environment } from '../../setting/environment.ts';
import { ConfigError } from '../fault.ts';
import type { ConfigFinding } from '../finding.ts';
import { interpolate } from './interpolate.ts';
import type { OnRead } from './read-text.ts';
import { keyOf, nodesUnder, parseYaml, type YamlSource } from './yaml-source.ts';

/** Sections that map names to entries: an empty entry in one of them is a mistake, not an omitted setting. */
const NAMED = ['providers', 'contacts', 'groups', 'rotations', 'templates'];

/** Faults for duplicate keys, of which YAML would use the last. Removes the later one. */
function takeDuplicates(source: YamlSource): ConfigFinding[] {
  const findings: ConfigFinding[] = [];
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
        message: `${noun === undefined ? 'duplicate key' : `two ${noun} with the same name`}, the first in line ${source.lineOf(earlier)}`,
        hint: noun === undefined ? 'remove one' : 'rename one',
        hideValue: true,
      });
      return false;
    });
  }
  return findings;
}

/**
 * Parses text into a map with all placeholders replaced, and returns faults. Sections whose names start with `x-` are for anchors and removed.
 * @param such names the content of the map for a fault
 * @throws {ConfigError} if it is not YAML, or not a map
 */
export function openSource(
  text: string,
  { file, such, env, onRead }: { readonly file: string; readonly such: string; readonly env: Environment; readonly onRead: OnRead },
): { readonly source: YamlSource; readonly findings: readonly ConfigFinding[] } {
  const source = parseYaml(text, file);
  const { contents } = source.document;
  if (contents !== null && !isMap(contents) && !(isScalar(contents) && contents.value === null)) {
    throw new ConfigError([{ path: '', file, line: 1, message: `must be a map of ${such}` }]);
  }
  if (isMap(contents)) contents.items = contents.items.filter((pair) => !keyOf(pair).startsWith('x-'));
  const findings = [...takeDuplicates(source), ...interpolate(source, env, onRead)];
  dropEmpty(source);
  return { source, findings };
}

/** Removes keys without a value, such as a section with all lines commented out, and empty list items from the environment. */
function dropEmpty(source: YamlSource): void {
  const isEmpty = (node: unknown) => node === null || (isScalar(node) && node.value === null);
  for (const { node, path } of nodesUnder(source.document.contents)) {
    if (isMap(node) && !(path.length === 1 && NAMED.includes(String(path[0]))))
      node.items = node.items.filter(({ value }) => !isEmpty(value));
    if (isSeq(node)) node.items = node.items.filter((item) => !(isEmpty(item) && source.secrets.has(item as Scalar)));
  }
}
