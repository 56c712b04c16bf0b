import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Node, Pair, type YAMLError, type YAMLMap } from 'yaml';

/**
 * The parser's complaint in words for a person. Its own message may quote the file, so it may quote a secret, and is
 * never shown.
 */
export function syntaxMessage({ code, message }: Pick<YAMLError, 'code' | 'message'>): string {
  if (code === 'MISSING_CHAR' && /quote/i.test(message)) return 'a quote is opened and never closed';
  if (/sequence item|block sequence/i.test(message)) return WRONG_INDENT;
  if (code === 'BAD_INDENT' && /flow/i.test(message)) return 'a bracket is opened and not closed, or what it holds is not indented';
  return (
    MESSAGES[code] ??
    'YAML does not expect this here: check brackets, commas, indentation, and quotes, which a value that begins with { or [ must have'
  );
}

const WRONG_INDENT = 'wrong indentation: keys of one map start in the same column, and what belongs to a key stands further in than it';

/** A value of one line with a key under it, further in: to YAML the value goes on there. */
export const NEXT_TOO_DEEP =
  'the next line is indented further than this one, as if the value went on there: keys of one map start in the same column';

const MESSAGES: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  TAB_AS_INDENT: 'a tab in the indentation: YAML wants spaces',
  BAD_INDENT: WRONG_INDENT,
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " in one line: put the value in quotes, or the key on a line of its own',
  MULTILINE_IMPLICIT_KEY: 'a ":" is missing after a key, or a value goes on where a key is expected',
  MISSING_CHAR: 'a ":", a comma or a closing bracket is missing here',
  BAD_SCALAR_START: 'a value that begins with @, %, ` or | must be in quotes',
  BAD_ALIAS: 'a value that begins with * must be in quotes',
  BAD_DQ_ESCAPE: 'an escape that YAML does not know: in double quotes write \\\\ for a backslash, or use single quotes',
  BLOCK_IN_FLOW: 'a list or map with indentation cannot stand inside { } or [ ]',
  MULTIPLE_DOCS: 'a second document begins here: the config is one document, without ---',
  NON_STRING_KEY: 'a map cannot be a key: a value that begins with { must be in quotes',
  TAG_RESOLVE_FAILED: 'an unknown YAML tag: a value that begins with ! must be in quotes',
};

/** What the parser takes, and what cannot be unfolded; `offset` is where it stands in the text. */
interface UnfoldFault {
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
