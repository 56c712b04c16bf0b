import { isMap, isScalar, isSeq, type Scalar } from 'yaml';
import { nodesUnder, type YamlSource } from './yaml-source.ts';

/** Maps of named things, in which an empty entry is a mistake and no setting left out. */
const NAMED = new Set(['providers', 'contacts', 'groups', 'rotations', 'templates']);

/** Takes out keys without a value, such as a section of which every line is commented out, and empty list items from the environment. */
export function dropEmpty(source: YamlSource): void {
  const isEmpty = (node: unknown) => node === null || (isScalar(node) && node.value === null);
  for (const { node, path } of nodesUnder(source.document.contents)) {
    if (isMap(node) && !(path.length === 1 && NAMED.has(String(path[0])))) node.items = node.items.filter(({ value }) => !isEmpty(value));
    if (isSeq(node)) node.items = node.items.filter((item) => !(isEmpty(item) && source.secrets.has(item as Scalar)));
  }
}
