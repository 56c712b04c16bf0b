import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Node, Pair, type YAMLMap } from 'yaml';

/** What the parser takes, and what cannot be unfolded; `offset` is where it stands in the text. */
export interface UnfoldFault {
  readonly offset: number;
  readonly message: string;
}

/** An alias of an alias of an alias doubles a file with each line: beyond this the file is not one that a person wrote. */
const MOST_REPEATED = 500_000;

/**
 * Puts a copy of what it names in the place of every alias, and of every `<<` the entries that it merges in, so that all
 * who read the document afterwards see plain maps, lists and values: https://yaml.org/type/merge.html
 * @returns the first fault, after which the document is of no use
 */
export function unfoldYaml(document: Document): UnfoldFault | undefined {
  try {
    const contents: unknown = document.contents;
    if (isNode(contents)) new Unfolding().visit(contents);
    return undefined;
  } catch (error) {
    if (error instanceof Unfoldable) return error.fault;
    throw error;
  }
}

class Unfoldable extends Error {
  readonly fault: UnfoldFault;

  constructor(node: unknown, message: string) {
    super(message);
    this.fault = { offset: (isNode(node) ? node.range?.[0] : undefined) ?? 0, message };
  }
}

class Unfolding {
  /** Name → the node that bore it last, as far as the document has been read, with its size in values. */
  readonly #anchors = new Map<string, { readonly node: Node; readonly size: number | undefined }>();
  #repeated = 0;

  /** @returns how many values it holds */
  visit(node: Node): number {
    const { anchor } = node as { anchor?: string };
    if (anchor !== undefined) this.#anchors.set(anchor, { node, size: undefined });
    const size = 1 + (isMap(node) ? this.#visitMap(node) : isSeq(node) ? this.#visitAll(node.items) : 0);
    if (anchor !== undefined) this.#anchors.set(anchor, { node, size });
    return size;
  }

  #visitMap(map: YAMLMap): number {
    let size = 0;
    for (const pair of map.items) {
      if (isNode(pair.key) && !isAlias(pair.key)) this.visit(pair.key);
      const [value, inner] = this.#unfold(pair.value);
      pair.value = value;
      size += inner;
    }
    const merged = map.items.filter(isMerge);
    if (merged.length > 0) mergeInto(map, merged);
    return size;
  }

  #visitAll(items: unknown[]): number {
    let size = 0;
    for (const [index, item] of items.entries()) {
      const [value, inner] = this.#unfold(item);
      items[index] = value;
      size += inner;
    }
    return size;
  }

  #unfold(node: unknown): readonly [unknown, number] {
    if (!isNode(node)) return [node, 0];
    if (!isAlias(node)) return [node, this.visit(node)];
    const named = this.#anchors.get(node.source);
    if (named === undefined) throw new Unfoldable(node, 'a value that begins with * must be in quotes');
    if (named.size === undefined) throw new Unfoldable(node, 'this alias stands inside of what it names: it would never end');
    this.#repeated += named.size;
    if (this.#repeated > MOST_REPEATED) {
      throw new Unfoldable(node, `the aliases up to here repeat more than ${MOST_REPEATED} values: write fewer of them`);
    }
    return [copyOf(named.node, node), named.size];
  }
}

function copyOf(original: Node, place: Node): Node {
  const copy = original.clone() as Node;
  forgetAnchors(copy);
  // A fault of a list item is looked for where the item stands.
  copy.range = place.range ?? null;
  return copy;
}

function forgetAnchors(node: unknown): void {
  if (!isNode(node)) return;
  delete (node as { anchor?: string }).anchor;
  if (isMap(node)) for (const { value } of node.items) forgetAnchors(value);
  if (isSeq(node)) for (const item of node.items) forgetAnchors(item);
}

function isMerge({ key }: Pair): boolean {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN';
}

/** A key of the map itself wins over one that is merged in, an earlier map of a list over a later one. */
function mergeInto(map: YAMLMap, merges: readonly Pair[]): void {
  const own = map.items.filter((pair) => !isMerge(pair));
  const known = new Set(own.map(nameOf));
  const added: Pair[] = [];
  for (const { key, value } of merges) {
    for (const source of isSeq(value) ? value.items : [value]) {
      if (!isMap(source)) throw new Unfoldable(key, '<< merges maps in: it wants an alias such as *defaults, or a list of them');
      for (const pair of source.items) {
        if (known.has(nameOf(pair))) continue;
        known.add(nameOf(pair));
        added.push(new Pair(pair.key, pair.value));
      }
    }
  }
  map.items = [...own, ...added];
}

function nameOf({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : String(key);
}
