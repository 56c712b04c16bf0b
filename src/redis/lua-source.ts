import { readFileSync } from 'node:fs';

/** What TypeScript hands over to Lua: a limit, a TTL, a word, a list of words, a table. */
export type LuaValue = string | number | boolean | readonly LuaValue[] | { readonly [name: string]: LuaValue };
export type LuaConstants = Readonly<Record<string, LuaValue>>;

/** Lua functions that several scripts share. They may use `keys` and `args` of the scripts that include them. */
export interface LuaPart {
  readonly file: string;
  readonly source: string;
  readonly constants: LuaConstants;
  readonly includes: readonly LuaPart[];
  /** The text of another project, which keeps its own style. */
  readonly foreign: boolean;
}

interface PartOptions {
  /** `local NAME = value` in front of the file. */
  readonly constants?: LuaConstants;
  /** Come before it, each of them once in a script. */
  readonly includes?: readonly LuaPart[];
}

/** @param file such as `new URL('tell.lua', import.meta.url)` */
export function luaPart(file: URL, { constants = {}, includes = [] }: PartOptions = {}): LuaPart {
  return { file: file.pathname, source: readFileSync(file, 'utf8'), constants, includes, foreign: false };
}

/** A part whose text comes from a package. */
export function foreignPart(name: string, source: string): LuaPart {
  return { file: name, source, constants: {}, includes: [], foreign: true };
}

/** Words as a constant, so that Lua writes `STATE.failed` and TypeScript checks the word. */
export function wordsOf<Word extends string>(...words: readonly Word[]): Readonly<Record<string, Word>> {
  return Object.fromEntries(words.map((word) => [word, word]));
}

/** Words as a constant that Lua looks up: `ON_ITS_WAY[state]`. */
export function setOf<Word extends string>(words: readonly Word[]): Readonly<Record<string, true>> {
  return Object.fromEntries(words.map((word) => [word, true as const]));
}

export type Scalar = 'string' | 'string?' | 'number' | 'number?' | 'flag';

/**
 * What an argument is in Lua. `string?` and `number?` are nil where TypeScript passes `undefined`; `flag` is a boolean; `strings`
 * is a list; `fields` is a list of field, value, field, value…, as HSET takes it; `[{ … }]` is a list of tables.
 */
export type ArgKind = Scalar | 'strings' | 'fields' | readonly [ArgKinds];
export interface ArgKinds {
  readonly [name: string]: ArgKind;
}

const READ: Readonly<Record<Scalar, (value: string) => string>> = {
  string: (value) => value,
  'string?': (value) => `${value} ~= '' and ${value} or nil`,
  number: (value) => `tonumber(${value})`,
  // An empty string is no number.
  'number?': (value) => `tonumber(${value})`,
  flag: (value) => `${value} == '1'`,
};

export function isScalar(kind: ArgKind): kind is Scalar {
  return typeof kind === 'string' && Object.hasOwn(READ, kind);
}

/** Scalars travel before lists, whatever their order in the declaration: the position of each is then known. */
export function wireOrder(kinds: ArgKinds): [name: string, kind: ArgKind][] {
  const entries = Object.entries(kinds);
  return [...entries.filter(([, kind]) => isScalar(kind)), ...entries.filter(([, kind]) => !isScalar(kind))];
}

/** Lua that gives KEYS and ARGV their names: the tables `keys` and `args`. A name that begins with `...` is the list of all further keys. */
export function preambleOf(keys: readonly string[], args: ArgKinds): string {
  const named = keys.filter((name) => !name.startsWith('...'));
  const rest = keys.find((name) => name.startsWith('...'))?.slice(3);
  const order = wireOrder(args);
  const scalars = order.filter(([, kind]) => isScalar(kind));
  const lists = order.slice(scalars.length);
  const lines: string[] = [];
  if (keys.length > 0) {
    lines.push(
      tableOf(
        'keys',
        named.map((name, index) => `${name} = KEYS[${index + 1}]`),
      ),
    );
    if (rest !== undefined)
      lines.push(`keys.${rest} = {}`, `for n = ${named.length + 1}, #KEYS do keys.${rest}[n - ${named.length}] = KEYS[n] end`);
  }
  if (order.length > 0)
    lines.push(
      tableOf(
        'args',
        scalars.map(([name, kind], index) => `${name} = ${READ[kind as Scalar](`ARGV[${index + 1}]`)}`),
      ),
    );
  if (lists.length > 0) lines.push(TAKE(scalars.length), ...lists.map(([name, kind]) => `args.${name} = ${takerOf(kind)}`));
  return lines.join('\n');
}

function tableOf(name: string, entries: readonly string[]): string {
  return `local ${name} = { ${entries.join(', ')} }`;
}

/** Lua: reads ARGV on from behind position `at`. */
const TAKE = (at: number) => `local taken = ${at}
local function take()
  taken = taken + 1
  return ARGV[taken]
end
local function takeList(read)
  local list = {}
  for n = 1, tonumber(take()) do list[n] = read() end
  return list
end`;

function takerOf(kind: ArgKind): string {
  if (typeof kind === 'string') return 'takeList(take)';
  const reads = wireOrder(kind[0]).map(([name, inner]) => {
    return isScalar(inner) ? `local value = take() row.${name} = ${READ[inner]('value')}` : `row.${name} = ${takerOf(inner)}`;
  });
  return `takeList(function () local row = {} ${reads.map((read) => `do ${read} end`).join(' ')} return row end)`;
}

/** A piece of a script, to say in which file a line of it stands. */
export interface LuaChunk {
  readonly file: string;
  readonly text: string;
  readonly foreign: boolean;
}

/** The pieces of a script in their order. */
export function assemble(preamble: string, script: LuaPart): LuaChunk[] {
  const chunks: LuaChunk[] = [{ file: `names of ${script.file}`, text: preamble, foreign: false }];
  const seen = new Set<LuaPart>();
  const declared = new Set<string>();
  const add = (part: LuaPart): void => {
    if (seen.has(part)) return;
    seen.add(part);
    for (const include of part.includes) add(include);
    // What several parts need is declared once.
    const constants = Object.entries(part.constants)
      .map(([name, value]) => `local ${name} = ${luaLiteral(value)}`)
      .filter((line) => !declared.has(line));
    for (const line of constants) declared.add(line);
    if (constants.length > 0) chunks.push({ file: `constants of ${part.file}`, text: constants.join('\n'), foreign: part.foreign });
    chunks.push({ file: part.file, text: part.source, foreign: part.foreign });
  };
  add(script);
  return chunks;
}

/** A value as Lua source. */
export function luaLiteral(value: LuaValue): string {
  if (typeof value === 'string') return `'${[...Buffer.from(value)].map(escapeByte).join('')}'`;
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `{ ${value.map(luaLiteral).join(', ')} }`;
  const cells = Object.entries(value).map(([name, cell]) => `[${luaLiteral(name)}] = ${luaLiteral(cell)}`);
  return `{ ${cells.join(', ')} }`;
}

/** Printable ASCII stays; any other byte, a quote and a backslash become their decimal escape. */
function escapeByte(byte: number): string {
  return byte < 32 || byte > 126 || byte === 39 || byte === 92 ? `\\${String(byte).padStart(3, '0')}` : String.fromCharCode(byte);
}
