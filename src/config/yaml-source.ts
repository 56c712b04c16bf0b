import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
} from 'yaml';
import { ConfigError } from './fault.ts';
import { shelter, unshelter } from './placeholder.ts';
import { NEXT_TOO_DEEP, syntaxMessage } from './yaml-syntax.ts';

export type Path = readonly PropertyKey[];

/** The parsed file, in which a path leads back to its line. */
export interface YamlSource {
  readonly file: string;
  readonly document: Document;
  /** Scalars whose text came from the environment or a file: what they hold is never printed. */
  readonly secrets: Set<Scalar>;
  /** Files that stand for a part of this one: see `contact-files.ts`. */
  readonly parts?: readonly YamlSource[];
  lineOf(offset: number): number;
}

/** @throws {ConfigError} for what is not YAML, naming line and column. */
export function parseYaml(text: string, file: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(shelter(text), { lineCounter: lines, prettyErrors: false, uniqueKeys: false, stringKeys: true });
  // What follows the first error is mostly its echo.
  const first = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])[0] ?? firstBadAlias(document);
  if (first !== undefined) {
    const { line, col } = lines.linePos(first.pos[0]);
    const alsoHere = document.errors.filter(({ pos }) => pos[0] === first.pos[0]).map(({ code }) => code);
    const goesOn = alsoHere.includes('BLOCK_AS_IMPLICIT_KEY') && alsoHere.includes('MULTILINE_IMPLICIT_KEY');
    throw new ConfigError([{ path: '', file, line, column: col, message: goesOn ? NEXT_TOO_DEEP : syntaxMessage(first) }]);
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

function firstBadAlias(document: Document): { pos: [number, number]; code: 'BAD_ALIAS'; message: string } | undefined {
  for (const { node } of nodesUnder(document.contents)) {
    if (isAlias(node) && node.resolve(document) === undefined) return { pos: [node.range?.[0] ?? 0, 0], code: 'BAD_ALIAS', message: '' };
  }
  return undefined;
}

/** Every value with its path, parents first; an alias is a leaf, since what it stands for is met where it is defined. */
export function* nodesUnder(node: unknown, path: Path = []): Generator<{ node: Node; path: Path }> {
  if (!isNode(node)) return;
  yield { node, path };
  if (isMap(node)) for (const pair of [...node.items]) yield* nodesUnder(pair.value, [...path, keyOf(pair)]);
  if (isSeq(node)) for (const [index, item] of node.items.entries()) yield* nodesUnder(item, [...path, index]);
}

export function keyOf({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : String(key);
}

/** The file that holds the entry in which a path ends, such as `contacts.alice`. */
export function homeOf(source: YamlSource, [section, name]: Path): YamlSource {
  const { parts = [] } = source;
  if (name === undefined || source.document.hasIn([section, name])) return source;
  return parts.find(({ document }) => document.hasIn([section, name])) ?? source;
}

/** The value at a path, and where the deepest part of the path that exists begins in the text of its file. */
export function locate(source: YamlSource, path: Path): { node: Node | undefined; offset: number | undefined } {
  const { document } = homeOf(source, path);
  let node = resolved(document, document.contents);
  let offset: number | undefined;
  for (const part of path) {
    const pair = isMap(node) ? node.items.find((candidate) => keyOf(candidate) === String(part)) : undefined;
    const item = isSeq(node) ? node.items[Number(part)] : undefined;
    const place = pair?.key ?? item;
    if (!isNode(place)) return { node: undefined, offset };
    offset = place.range?.[0] ?? offset;
    node = resolved(document, pair === undefined ? item : pair.value);
  }
  return { node, offset };
}

function resolved(document: Document, node: unknown): Node | undefined {
  return isAlias(node) ? node.resolve(document) : isNode(node) ? node : undefined;
}
