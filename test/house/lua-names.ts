import { createRequire } from 'node:module';
import type { Script } from '../../src/redis/define-script.ts';

/** One of luaparse's nodes, as far as it is read here. */
interface Node {
  readonly type: string;
  readonly loc?: { readonly start: { readonly line: number } };
  readonly [field: string]: unknown;
}

/** Has no types of its own. */
const { parse }: { parse(lua: string, options: { luaVersion: '5.1'; locations: true }): Node } = createRequire(import.meta.url)('luaparse');

/** What Redis gives every script, as far as ours need it. */
const GLOBALS = 'redis cjson cmsgpack string table math tonumber tostring type unpack ipairs pairs next select error pcall'.split(' ');
/** Only the preamble and the text of other projects may use them. */
const RAW = ['KEYS', 'ARGV'];

interface Declared {
  readonly name: string;
  readonly line: number;
  /** Parameters may be unused. */
  readonly isParameter: boolean;
  /** What may follow a dot, of a row of a list among the arguments. */
  readonly row: Row | undefined;
  used: boolean;
}

interface Row {
  readonly fields: readonly string[];
  readonly seen: Set<string>;
}

/** A script, for its faults; what `defineScript` gives has all of it. */
export type CheckedScript = Pick<Script, 'chunks' | 'unused'> & { readonly definition: Pick<Script['definition'], 'args' | 'reply'> };

/** What is wrong with a script, each as `src/ledger/lua/move.lua:12 …`: syntax, names, and words of the answer. */
export function checkScript({ definition, chunks, unused }: CheckedScript): string[] {
  const source = locate(chunks);
  const faults: string[] = [];
  const fault = (line: number, what: string) => faults.push(`${source.place(line)} ${what}`);
  let tree: Node;
  try {
    tree = parse(chunks.map(({ text }) => text).join('\n'), { luaVersion: '5.1', locations: true });
  } catch (error) {
    const { message, line = 0 } = error as Error & { line?: number };
    return [`${source.place(line)} ${message}`];
  }

  const rows = rowsOf(definition.args ?? {});
  const declared = resolveNames(tree, rows, source, fault);
  for (const { name, line, isParameter, used } of declared) {
    if (used || isParameter || name.startsWith('_') || source.isForeign(line)) continue;
    if (!source.isPreamble(line) || isNamed(name)) fault(line, `declares ${shownName(name)}, which is not used`);
  }
  for (const [name, { fields, seen }] of rows) {
    for (const field of fields) if (!seen.has(field)) fault(1, `declares ${shownName(name)}.${field}, which is not used`);
  }
  for (const word of unused) fault(1, `declares ${word}, which is not used`);
  checkAnswers(tree, definition.reply, fault);
  return faults;
}

interface Source {
  place(line: number): string;
  isForeign(line: number): boolean;
  isPreamble(line: number): boolean;
}

/** Which line of which file a line of the whole script is. */
function locate(chunks: Script['chunks']): Source {
  const starts: number[] = [];
  let lines = 0;
  for (const { text } of chunks) {
    starts.push(lines);
    lines += text.split('\n').length;
  }
  const chunkAt = (line: number) => starts.findLastIndex((start) => start < line);
  return {
    place: (line) => `${shownFile(chunks[chunkAt(line)]?.file ?? '')}:${line - (starts[chunkAt(line)] ?? 0)}`,
    isForeign: (line) => chunks[chunkAt(line)]?.foreign === true,
    isPreamble: (line) => chunkAt(line) === 0,
  };
}

/** Lists of tables among the arguments, by the name of their local. */
function rowsOf(args: NonNullable<Script['definition']['args']>): ReadonlyMap<string, Row> {
  return new Map(
    Object.entries(args).flatMap(([name, kind]) =>
      typeof kind === 'string' ? [] : [[`args_${name}`, { fields: Object.keys(kind[0]), seen: new Set<string>() }] as const],
    ),
  );
}

/** Reports what is used and not declared; returns all that is declared, with whether it is used. */
function resolveNames(tree: Node, rows: ReadonlyMap<string, Row>, source: Source, fault: (line: number, what: string) => void): Declared[] {
  const scopes: Map<string, Declared>[] = [];
  const declared: Declared[] = [];
  const find = (name: string) => scopes.findLast((scope) => scope.has(name))?.get(name);
  const declare = (node: Node, isParameter = false, row?: Row) => {
    const [name, line] = [node.name as string, lineOf(node)];
    const isAgain = scopes.length === 1 && scopes[0]?.has(name) === true;
    if (isAgain && !source.isForeign(line) && !source.isPreamble(line)) fault(line, `declares ${name} a second time`);
    const declaration: Declared = { name, line, isParameter, row, used: false };
    scopes.at(-1)?.set(name, declaration);
    declared.push(declaration);
  };
  const within = (inner: () => void) => {
    scopes.push(new Map());
    inner();
    scopes.pop();
  };
  const all = (nodes: unknown) => {
    for (const node of nodes as readonly Node[]) visit(node);
  };
  const use = (node: Node): Declared | undefined => {
    const [name, line] = [node.name as string, lineOf(node)];
    const declaration = find(name);
    // The preamble fills the lists; that is no use of them.
    if (declaration !== undefined) declaration.used ||= !source.isPreamble(line);
    else if (RAW.includes(name) ? !source.isPreamble(line) && !source.isForeign(line) : !GLOBALS.includes(name))
      fault(line, `uses ${shownName(name)}, which is not declared`);
    return declaration;
  };
  const conditional = (node: Node) => {
    visit(node.condition as Node);
    within(() => all(node.body));
  };

  const visitors: Readonly<Record<string, (node: Node) => void>> = {
    Chunk: (node) => within(() => all(node.body)),
    DoStatement: (node) => within(() => all(node.body)),
    ElseClause: (node) => within(() => all(node.body)),
    IfClause: conditional,
    ElseifClause: conditional,
    WhileStatement: conditional,
    RepeatStatement: (node) =>
      within(() => {
        all(node.body);
        visit(node.condition as Node);
      }),
    LocalStatement(node) {
      all(node.init);
      for (const variable of node.variables as readonly Node[]) declare(variable);
    },
    FunctionDeclaration(node) {
      const name = node.identifier as Node | null;
      if (name !== null && node.isLocal === true) declare(name);
      else if (name !== null) fault(lineOf(node), 'defines a global function: write local function');
      within(() => {
        for (const parameter of node.parameters as readonly Node[]) if (parameter.type === 'Identifier') declare(parameter, true);
        all(node.body);
      });
    },
    ForNumericStatement(node) {
      for (const part of [node.start, node.end, node.step]) if (isNode(part)) visit(part);
      within(() => {
        declare(node.variable as Node, true);
        all(node.body);
      });
    },
    ForGenericStatement(node) {
      const [call] = node.iterators as readonly Node[];
      const [list] = (call?.arguments as readonly Node[] | undefined) ?? [];
      all(node.iterators);
      within(() => {
        for (const [index, variable] of (node.variables as readonly Node[]).entries())
          declare(variable, true, index === 1 && list?.type === 'Identifier' ? rows.get(list.name as string) : undefined);
        all(node.body);
      });
    },
    AssignmentStatement(node) {
      all(node.init);
      for (const variable of node.variables as readonly Node[]) {
        if (variable.type !== 'Identifier') visit(variable);
        else if (find(variable.name as string) === undefined) fault(lineOf(variable), `assigns ${variable.name}, which is not declared`);
      }
    },
    MemberExpression(node) {
      const base = node.base as Node;
      if (base.type !== 'Identifier') visit(base);
      const row = base.type === 'Identifier' ? use(base)?.row : undefined;
      const name = (node.identifier as Node).name as string;
      row?.seen.add(name);
      if (row?.fields.includes(name) === false) fault(lineOf(node), `uses ${base.name}.${name}, which is not declared`);
    },
    TableKeyString: (node) => visit(node.value as Node),
    Identifier: (node) => void use(node),
  };
  function visit(node: Node): void {
    const visitor = visitors[node.type];
    if (visitor !== undefined) visitor(node);
    else for (const child of childrenOf(node)) visit(child);
  }
  visit(tree);
  return declared;
}

/** The words that the script itself returns are those of its reply, where that lists them. */
function checkAnswers(tree: Node, reply: Script['definition']['reply'], fault: (line: number, what: string) => void): void {
  if (typeof reply === 'function') return;
  const words: readonly string[] = Array.isArray(reply) ? reply : Object.keys(reply);
  const strings = new Set<string>();
  const answered = (node: Node | undefined): string[] => {
    if (node?.type === 'StringLiteral') return [textOf(node)];
    if (node?.type === 'LogicalExpression')
      return [...(node.operator === 'or' ? answered(node.left as Node) : []), ...answered(node.right as Node)];
    if (node?.type !== 'TableConstructorExpression') return [];
    return answered((node.fields as readonly Node[])[0]?.value as Node | undefined);
  };
  const visit = (node: Node, isInFunction: boolean): void => {
    if (node.type === 'StringLiteral') strings.add(textOf(node));
    if (node.type === 'ReturnStatement' && !isInFunction) {
      const unknown = answered((node.arguments as readonly Node[])[0]).filter((word) => !words.includes(word));
      for (const word of unknown) fault(lineOf(node), `answers '${word}', which its reply does not list`);
    }
    for (const child of childrenOf(node)) visit(child, isInFunction || node.type === 'FunctionDeclaration');
  };
  visit(tree, false);
  for (const word of words) if (!strings.has(word)) fault(1, `lists the answer '${word}', which is never given`);
}

function childrenOf(node: Node): Node[] {
  return Object.values(node).flatMap((value) => [value].flat().filter(isNode));
}

function isNode(value: unknown): value is Node {
  return value !== null && typeof value === 'object' && 'type' in value;
}

function lineOf(node: Node): number {
  return node.loc?.start.line ?? 0;
}

/** luaparse gives no value of a string: that depends on its encoding. */
function textOf(node: Node): string {
  return (node.raw as string).slice(1, -1);
}

/** What is sent has a local `args_run` where the file has `args.run`. */
function isNamed(name: string): boolean {
  return /^(?:keys|args)_/.test(name);
}

function shownName(name: string): string {
  return isNamed(name) ? name.replace('_', '.') : name;
}

/** `names of /home/x/dist/src/a.lua` → `names of src/a.lua`. */
function shownFile(file: string): string {
  return file.replace(/\/\S*?\/(?=src\/)/, '');
}
