import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { ConfigError } from '../fault.ts';
import { shelter, unshelter } from './placeholder.ts';
import { NEXT_TOO_DEEP, syntaxMessage, unfoldYaml } from './unfold-yaml.ts';

export type Path = readonly PropertyKey[];

/** The parsed file; maps a path to its line. */
export interface YamlSource {
  readonly file: string;
  readonly document: Document;
  /** Scalars with text from the environment or a file: their values are never printed. */
  readonly secrets: Set<Scalar>;
  /** Files that hold a part of this one: see `contact-files.ts`. */
  readonly parts?: readonly YamlSource[];
  lineOf(offset: number): number;
}

/** @throws {ConfigError} if it is not YAML, with line and column */
export function parseYaml(text: string, file: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(shelter(text), { lineCounter: lines, prettyErrors: false, uniqueKeys: false, stringKeys: true });
  // Further errors are mostly consequences of the first.
  const first = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])[0];
  if (first !== undefined) {
    const { line, col } = lines.linePos(first.pos[0]);
    const alsoHere = document.errors.filter(({ pos }) => pos[0] === first.pos[0]).map(({ code }) => code);
    const goesOn = alsoHere.includes('BLOCK_AS_IMPLICIT_KEY') && alsoHere.includes('MULTILINE_IMPLICIT_KEY');
    throw new ConfigError([{ path: '', file, line, column: col, message: goesOn ? NEXT_TOO_DEEP : syntaxMessage(first) }]);
  }
  const folded = unfoldYaml(document);
  if (folded !== undefined) {
    const { line, col } = lines.linePos(folded.offset);
    throw new ConfigError([{ path: '', file, line, column: col, message: folded.message }]);
  }
  for (const { node } of nodesUnder(document.contents)) {
    if (isScalar(node)) restore(node);
    if (isMap(node)) for (const { key } of node.items) if (isScalar(key)) restore(key);
  }
  return { file, document, secrets: new Set(), lineOf: (offset) => lines.linePos(offset).line };
}

function restore(scalar: Scalar): void {
  if (typeof scalar.value === 'string') scalar.value = unshelter(scalar.value);
}

/** Yields every value with its path, parents first. */
export function* nodesUnder(node: unknown, path: Path = []): Generator<{ node: Node; path: Path }> {
  if (!isNode(node)) return;
  yield { node, path };
  if (isMap(node)) for (const pair of [...node.items]) yield* nodesUnder(pair.value, [...path, keyOf(pair)]);
  if (isSeq(node)) for (const [index, item] of node.items.entries()) yield* nodesUnder(item, [...path, index]);
}

export function keyOf({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : String(key);
}

/** Index of the pairs of a map, keyed by its list of pairs at the time: lists are replaced, never changed. */
const pairsByKey = new WeakMap<readonly Pair[], ReadonlyMap<string, Pair>>();

/** Returns the first pair of a key, in constant time even in a large map. */
function pairOf({ items }: YAMLMap, key: string): Pair | undefined {
  let pairs = pairsByKey.get(items);
  if (pairs === undefined) {
    pairs = new Map(items.map((pair) => [keyOf(pair), pair] as const).reverse());
    pairsByKey.set(items, pairs);
  }
  return pairs.get(key);
}

function childOf(node: unknown, part: PropertyKey): { readonly place: unknown; readonly value: unknown } | undefined {
  if (isMap(node)) {
    const pair = pairOf(node, String(part));
    return pair && { place: pair.key, value: pair.value };
  }
  const item: unknown = isSeq(node) ? node.items[Number(part)] : undefined;
  return item === undefined ? undefined : { place: item, value: item };
}

/** File that contains the entry in which a path ends, such as `contacts.alice`. */
export function homeOf(source: YamlSource, [section, name]: Path): YamlSource {
  const { parts = [] } = source;
  if (section === undefined || name === undefined || parts.length === 0) return source;
  const holds = ({ document }: YamlSource) => childOf(childOf(document.contents, section)?.value, name) !== undefined;
  return holds(source) ? source : (parts.find(holds) ?? source);
}

/** Value at a path, and the offset at which the deepest existing part of the path starts in the text of its file. */
export function locate(source: YamlSource, path: Path): { node: Node | undefined; offset: number | undefined } {
  let node: unknown = homeOf(source, path).document.contents;
  let offset: number | undefined;
  for (const part of path) {
    const child = childOf(node, part);
    if (child === undefined || !isNode(child.place)) return { node: undefined, offset };
    offset = child.place.range?.[0] ?? offset;
    node = child.value;
  }
  return { node: isNode(node) ? node : undefined, offset };
}
