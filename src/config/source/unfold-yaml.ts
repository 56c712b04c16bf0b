import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Node, Pair, type YAMLError, type YAMLMap } from 'yaml';

/**
 * Explains a parser error. The parser's own message may quote the file, and with it a secret, so it is never
 * shown.
 */
export function syntaxMessage({ code, message }: Pick<YAMLError, 'code' | 'message'>): string {
  if (code === 'MISSING_CHAR' && /quote/i.test(message)) return 'unclosed quote';
  if (/sequence item|block sequence/i.test(message)) return WRONG_INDENT;
  if (code === 'BAD_INDENT' && /flow/i.test(message)) return 'unclosed bracket, or its content is not indented';
  return (
    MESSAGES[code] ??
    'unexpected in YAML: check brackets, commas, indentation and quotes; a value that starts with { or [ must be in quotes'
  );
}

const WRONG_INDENT = 'wrong indentation: keys of one map start in the same column, and the content of a key is indented further';

/** A value in one line, followed by an indented key: YAML reads the key as part of the value. */
export const NEXT_TOO_DEEP =
  'the next line is indented further than this one, which continues the value: keys of one map start in the same column';

const MESSAGES: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  TAB_AS_INDENT: 'a tab in the indentation: use spaces',
  BAD_INDENT: WRONG_INDENT,
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " in one line: put the value in quotes, or the key on its own line',
  MULTILINE_IMPLICIT_KEY: 'missing ":" after a key, or a value continues where a key is expected',
  MISSING_CHAR: 'missing ":", comma or closing bracket',
  BAD_SCALAR_START: 'a value that starts with @, %, ` or | must be in quotes',
  BAD_ALIAS: 'a value that starts with * must be in quotes',
  BAD_DQ_ESCAPE: 'unknown escape: in double quotes write \\\\ for a backslash, or use single quotes',
  BLOCK_IN_FLOW: 'an indented list or map is not allowed inside { } or [ ]',
  MULTIPLE_DOCS: 'a second document starts here: the config must be one document, without ---',
  NON_STRING_KEY: 'a map cannot be a key: a value that starts with { must be in quotes',
  TAG_RESOLVE_FAILED: 'an unknown YAML tag: a value that starts with ! must be in quotes',
};

/** Error for a document that cannot be expanded; `offset` is its position in the text. */
interface UnfoldFault {
  readonly offset: number;
  readonly message: string;
}

/** Limit of values that aliases repeat: aliases of aliases double a file with each line. */
const MOST_REPEATED = 500_000;

/**
 * Replaces every alias by a copy of its target, and every `<<` by the entries that it merges, so that later steps see
 * plain maps, lists and values only: https://yaml.org/type/merge.html
 * @returns the first fault, after which the document must not be used
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
  /** Anchor → its latest node in the part of the document read so far, with its size in values. */
  readonly #anchors = new Map<string, { readonly node: Node; readonly size: number | undefined }>();
  #repeated = 0;

  /** @returns the number of values in it */
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
    if (named === undefined) throw new Unfoldable(node, 'a value that starts with * must be in quotes');
    if (named.size === undefined) throw new Unfoldable(node, 'this alias refers to a value that contains it');
    this.#repeated += named.size;
    if (this.#repeated > MOST_REPEATED) {
      throw new Unfoldable(node, `the aliases up to here repeat more than ${MOST_REPEATED} values: use fewer aliases`);
    }
    return [copyOf(named.node, node), named.size];
  }
}

function copyOf(original: Node, place: Node): Node {
  const copy = original.clone() as Node;
  forgetAnchors(copy);
  // The position of a fault of a list item is that of the item.
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

/** Keys of the map override merged ones; earlier maps of a list override later ones. */
function mergeInto(map: YAMLMap, merges: readonly Pair[]): void {
  const own = map.items.filter((pair) => !isMerge(pair));
  const known = new Set(own.map(nameOf));
  const added: Pair[] = [];
  for (const { key, value } of merges) {
    for (const source of isSeq(value) ? value.items : [value]) {
      if (!isMap(source)) throw new Unfoldable(key, '<< merges maps: it needs an alias such as *defaults, or a list of them');
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
