import { createRequire } from 'node:module';
import type { Script } from '../../src/redis/define-script.ts';
import type { ArgKind, LuaChunk, LuaConstants } from '../../src/redis/lua-source.ts';

/** Has no types of its own; {@link Node} says what is read of its trees. */
const { parse }: { parse(lua: string, options: { luaVersion: '5.1'; locations: true }): Node } = createRequire(import.meta.url)('luaparse');

/** What Redis gives every script, as far as ours need it. */
const GLOBALS = 'redis cjson string table math tonumber tostring type unpack ipairs pairs next select error'.split(' ');
/** Only the preamble and the text of other projects may use them. */
const RAW = ['KEYS', 'ARGV'];

/** One of luaparse's nodes, as far as it is read here. */
interface Node {
  readonly type: string;
  readonly loc?: { readonly start: { readonly line: number } };
  readonly [field: string]: unknown;
}

interface Declared {
  readonly name: string;
  readonly line: number;
  readonly isTop: boolean;
  /** Parameters may be unused. */
  readonly isParameter: boolean;
  /** Names of the fields that may follow a dot, where they are known. */
  readonly fields?: readonly string[] | undefined;
  used: boolean;
  /** Fields that were used with a dot; `dynamic`: with brackets, or the table as a whole. */
  readonly seen: Set<string>;
  dynamic: boolean;
}

interface Row {
  readonly fields: readonly string[];
  readonly seen: Set<string>;
}

/** A script, for its faults; what `defineScript` gives has all of it. */
export interface CheckedScript {
  readonly definition: Pick<Script['definition'], 'keys' | 'args' | 'reply' | 'constants' | 'includes'>;
  readonly chunks: readonly LuaChunk[];
}

/** What is wrong with a script, each as `src/ledger/lua/move.lua:12 …`: syntax, names, and words of the answer. */
export function checkScript({ definition, chunks }: CheckedScript): string[] {
  const starts: number[] = [];
  let lines = 0;
  for (const { text } of chunks) {
    starts.push(lines);
    lines += text.split('\n').length;
  }
  const chunkAt = (line: number) => starts.findLastIndex((start) => start < line);
  const place = (line: number) => {
    const index = chunkAt(line);
    return `${shown(chunks[index]?.file ?? '')}:${line - (starts[index] ?? 0)}`;
  };
  const isForeign = (line: number) => chunks[chunkAt(line)]?.foreign === true;
  const isPreamble = (line: number) => chunkAt(line) === 0;

  let tree: Node;
  try {
    tree = parse(chunks.map(({ text }) => text).join('\n'), { luaVersion: '5.1', locations: true });
  } catch (error) {
    const { message, line = 0 } = error as Error & { line?: number };
    return [`${place(line)} ${message}`];
  }
  const faults: string[] = [];
  const fault = (line: number, what: string) => faults.push(`${place(line)} ${what}`);

  const known = new Map<string, readonly string[]>([
    ['keys', definition.keys.map((name) => name.replace(/^\.\.\./, ''))],
    ['args', Object.keys(definition.args ?? {})],
    ...constantsOf(definition).flatMap(([name, value]) =>
      typeof value === 'object' && !Array.isArray(value) ? [[name, Object.keys(value)] as const] : [],
    ),
  ]);

  const scopes: Map<string, Declared>[] = [];
  const declared: Declared[] = [];
  const declare = (node: Node, isParameter = false, row?: Row) => {
    const isTop = scopes.length === 1;
    const name = node.name as string;
    const line = lineOf(node);
    if (isTop && scopes[0]?.has(name) && !isForeign(line)) fault(line, `declares ${name} a second time`);
    const own =
      row?.fields ?? (isTop && (isPreamble(line) || chunks[chunkAt(line)]?.file.startsWith('constants of')) ? known.get(name) : undefined);
    const declaration: Declared = {
      name,
      line,
      isTop,
      isParameter,
      fields: own,
      used: false,
      seen: row?.seen ?? new Set(),
      dynamic: false,
    };
    scopes.at(-1)?.set(name, declaration);
    declared.push(declaration);
  };
  const find = (name: string) => scopes.findLast((scope) => scope.has(name))?.get(name);
  const within = (visit: () => void) => {
    scopes.push(new Map());
    visit();
    scopes.pop();
  };
  const all = (nodes: unknown) => {
    for (const node of nodes as readonly Node[]) visit(node);
  };

  const use = (node: Node): Declared | undefined => {
    const name = node.name as string;
    const line = lineOf(node);
    const declaration = find(name);
    // The preamble fills the tables; that is no use of them.
    if (declaration !== undefined) declaration.used ||= !isPreamble(line);
    else if (RAW.includes(name) ? !isPreamble(line) && !isForeign(line) : !GLOBALS.includes(name))
      fault(line, `uses ${name}, which is not declared`);
    return declaration;
  };
  const member = (base: Node, name: string, line: number) => {
    if (base.type !== 'Identifier') {
      visit(base);
      return;
    }
    const declaration = use(base);
    if (declaration?.fields === undefined) return;
    if (!isPreamble(line)) declaration.seen.add(name);
    if (!declaration.fields.includes(name)) fault(line, `uses ${declaration.name}.${name}, which is not declared`);
  };
  /** Lists of tables among the arguments. */
  const rows = new Map<string, Row>();
  for (const [name, kind] of Object.entries<ArgKind>(definition.args ?? {})) {
    if (typeof kind !== 'string') rows.set(name, { fields: Object.keys(kind[0]), seen: new Set() });
  }
  /** The fields of the rows of `args.name`, where that is a list of tables. */
  const rowOf = (iterators: readonly Node[]): Row | undefined => {
    const [call] = iterators;
    const [list] = (call?.arguments as readonly Node[] | undefined) ?? [];
    if (list?.type !== 'MemberExpression' || (list.base as Node).name !== 'args') return undefined;
    return rows.get((list.identifier as Node).name as string);
  };
  let depth = 0;
  const conditional = (node: Node) => {
    visit(node.condition as Node);
    within(() => all(node.body));
  };

  const words = wordsIn(definition.reply);
  const answered = (node: Node | undefined): string[] => {
    if (node?.type === 'StringLiteral') return [textOf(node)];
    if (node?.type === 'LogicalExpression')
      return [...(node.operator === 'or' ? answered(node.left as Node) : []), ...answered(node.right as Node)];
    if (node?.type !== 'TableConstructorExpression') return [];
    return answered((node.fields as readonly Node[])[0]?.value as Node | undefined);
  };
  const strings = new Set<string>();

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
      depth++;
      within(() => {
        for (const parameter of node.parameters as readonly Node[]) if (parameter.type === 'Identifier') declare(parameter, true);
        all(node.body);
      });
      depth--;
    },
    ForNumericStatement(node) {
      for (const part of [node.start, node.end, node.step]) if (part) visit(part as Node);
      within(() => {
        declare(node.variable as Node, true);
        all(node.body);
      });
    },
    ForGenericStatement(node) {
      const iterators = node.iterators as readonly Node[];
      all(iterators);
      within(() => {
        for (const [index, variable] of (node.variables as readonly Node[]).entries()) {
          declare(variable, true, index === 1 ? rowOf(iterators) : undefined);
        }
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
    ReturnStatement(node) {
      const [first] = node.arguments as readonly Node[];
      for (const word of depth === 0 && words !== undefined ? answered(first) : []) {
        if (!words?.includes(word)) fault(lineOf(node), `answers '${word}', which its reply does not list`);
      }
      all(node.arguments);
    },
    MemberExpression: (node) => member(node.base as Node, (node.identifier as Node).name as string, lineOf(node)),
    Identifier(node) {
      const declaration = use(node);
      if (declaration !== undefined) declaration.dynamic = true;
    },
    StringLiteral: (node) => void strings.add(textOf(node)),
    TableKeyString: (node) => visit(node.value as Node),
  };
  function visit(node: Node): void {
    const visitor = visitors[node.type];
    if (visitor !== undefined) visitor(node);
    else for (const value of Object.values(node)) for (const child of [value].flat()) if (isNode(child)) visit(child);
  }
  visit(tree);

  for (const [name, { fields, seen }] of rows) {
    for (const field of fields)
      if (!seen.has(field)) faults.push(`${shown(chunks[0]?.file ?? '')} declares args.${name}.${field}, which is not used`);
  }
  for (const { name, line, isParameter, fields, used, seen, dynamic } of declared) {
    if (isForeign(line) || (isPreamble(line) && !known.has(name))) continue;
    if (!used && !isParameter && !name.startsWith('_')) fault(line, `declares ${name}, which is not used`);
    if (isParameter || fields === undefined || (dynamic && !isPreamble(line))) continue;
    for (const field of fields) {
      if (used && !seen.has(field)) fault(line, `declares ${name}.${field}, which is not used`);
    }
  }
  for (const word of words ?? []) if (!strings.has(word)) faults.push(`${shown(chunks.at(-1)?.file ?? '')} never answers '${word}'`);
  return faults;
}

/** `undefined` where the answer is read by a function. */
function wordsIn(reply: Script['definition']['reply']): readonly string[] | undefined {
  if (typeof reply === 'function') return undefined;
  return Array.isArray(reply) ? reply : Object.keys(reply);
}

function constantsOf({
  constants = {},
  includes = [],
}: Pick<CheckedScript['definition'], 'constants' | 'includes'>): [string, LuaConstants[string]][] {
  return [...Object.entries(constants), ...includes.flatMap(constantsOf)];
}

function isNode(value: unknown): value is Node {
  return value !== null && typeof value === 'object' && 'type' in value;
}

function lineOf(node: Node): number {
  return node.loc?.start.line ?? 0;
}

/** luaparse leaves the value of a string to whoever knows its encoding. */
function textOf(node: Node): string {
  return (node.raw as string).slice(1, -1);
}

/** `names of /home/x/dist/src/a.lua` → `names of src/a.lua`. */
export function shown(file: string): string {
  return file.replace(/\/\S*?\/(?=src\/)/, '');
}
