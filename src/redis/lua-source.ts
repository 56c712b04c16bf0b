import { readFileSync } from 'node:fs';

/** A constant passed to Lua: a limit, a TTL, a word, a list of words, a table. */
export type LuaValue = string | number | boolean | readonly LuaValue[] | { readonly [name: string]: LuaValue };
export type LuaConstants = Readonly<Record<string, LuaValue>>;

/** Lua functions that several scripts share. They may use `keys` and `args` of the scripts that include them. */
export interface LuaPart {
  readonly file: string;
  readonly source: string;
  readonly constants: LuaConstants;
  readonly includes: readonly LuaPart[];
  /** Source of another project, which keeps its own style. */
  readonly foreign: boolean;
}

interface PartOptions {
  /** `local NAME = value` in front of the file. */
  readonly constants?: LuaConstants;
  /** Parts that precede it, each once per script. */
  readonly includes?: readonly LuaPart[];
}

/** @param file such as `new URL('write-entry.lua', import.meta.url)` */
export function luaPart(file: URL, { constants = {}, includes = [] }: PartOptions = {}): LuaPart {
  return { file: file.pathname, source: readFileSync(file, 'utf8'), constants, includes, foreign: false };
}

/** A part whose source comes from a package. */
export function foreignPart(name: string, source: string): LuaPart {
  return { file: name, source, constants: {}, includes: [], foreign: true };
}

/** Words as a constant, so that Lua writes `STATE.failed` and TypeScript checks the word. */
export function wordsOf<Word extends string>(...words: readonly Word[]): Readonly<Record<string, Word>> {
  return Object.fromEntries(words.map((word) => [word, word]));
}

/** Words as a constant that Lua looks up: `IN_FLIGHT[state]`. */
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

/** Scalars are sent before lists, whatever their declared order, so that their positions are fixed. */
export function wireOrder(kinds: ArgKinds): [name: string, kind: ArgKind][] {
  const entries = Object.entries(kinds);
  return [...entries.filter(([, kind]) => isScalar(kind)), ...entries.filter(([, kind]) => !isScalar(kind))];
}

/**
 * Lua that gives KEYS and ARGV their names. A name that begins with `...` is the list of all further keys. Scripts write `keys.run` and
 * `args.run`; what is sent has locals in their place, because tables cost Redis more than the rest of a short script.
 */
export function preambleOf(keys: readonly string[], args: ArgKinds): string {
  const named = keys.filter((name) => !name.startsWith('...'));
  const rest = keys.find((name) => name.startsWith('...'))?.slice(3);
  const order = wireOrder(args);
  const scalars = order.filter(([, kind]) => isScalar(kind));
  const lists = order.slice(scalars.length);
  const lines = [
    ...localsOf(named.map((name, index) => [`keys_${name}`, `KEYS[${index + 1}]`])),
    ...localsOf(scalars.map(([name, kind], index) => [`args_${name}`, READ[kind as Scalar](`ARGV[${index + 1}]`)])),
  ];
  if (rest !== undefined)
    lines.push(`local keys_${rest} = {} for n = ${named.length + 1}, #KEYS do keys_${rest}[n - ${named.length}] = KEYS[n] end`);
  if (lists.length > 0) lines.push(`local at = ${scalars.length + 1}`);
  for (const [name, kind] of lists) lines.push(`local args_${name} = {} ${takeList(`args_${name}`, kind)}`);
  return lines.join('\n');
}

function localsOf(entries: readonly (readonly [name: string, value: string])[]): string[] {
  if (entries.length === 0) return [];
  return [`local ${entries.map(([name]) => name).join(', ')} = ${entries.map(([, value]) => value).join(', ')}`];
}

/** Lua: fills the table `target` from ARGV, where its length stands at `at`, and moves `at` behind it. */
function takeList(target: string, kind: ArgKind, depth = 0): string {
  const n = `n${depth}`;
  if (typeof kind === 'string') return `for ${n} = 1, tonumber(ARGV[at]) do ${target}[${n}] = ARGV[at + ${n}] end at = at + 1 + #${target}`;
  const order = wireOrder(kind[0]);
  const scalars = order.filter(([, inner]) => isScalar(inner));
  const cells = scalars.map(([name, inner], index) => `${name} = ${READ[inner as Scalar](`ARGV[at + ${index}]`)}`);
  const row = `row${depth}`;
  const lists = order.slice(scalars.length).map(([name, inner]) => `${row}.${name} = {} ${takeList(`${row}.${name}`, inner, depth + 1)}`);
  const fill = [`local ${row} = { ${cells.join(', ')} }`, `at = at + ${scalars.length}`, ...lists, `${target}[${n}] = ${row}`];
  return `do local count = tonumber(ARGV[at]) at = at + 1 for ${n} = 1, count do ${fill.join(' ')} end end`;
}

/** A piece of a script with its file, so that errors name file and line. */
export interface LuaChunk {
  readonly file: string;
  readonly text: string;
  readonly foreign: boolean;
}

export interface AssembledLua {
  /** In their order. */
  readonly chunks: readonly LuaChunk[];
  /** Entries of constants that no line uses, such as `STATE.failed`. */
  readonly unused: readonly string[];
}

/**
 * The pieces of a script, with the names resolved.
 * @throws Error when a piece uses a key, an argument or a word of a constant that is not declared
 */
export function assemble(keys: readonly string[], args: ArgKinds, script: LuaPart): AssembledLua {
  const parts = new Set<LuaPart>();
  const add = (part: LuaPart): void => {
    if (parts.has(part)) return;
    for (const include of part.includes) add(include);
    parts.add(part);
  };
  add(script);
  const constants = new Map([...parts].flatMap((part) => Object.entries(part.constants)));
  const names: Record<string, ReadonlySet<string>> = {
    keys: new Set(keys.map((name) => name.replace(/^\.\.\./, ''))),
    args: new Set(Object.keys(args)),
  };
  const used = new Set<string>();
  const resolve = ({ file, source, foreign }: LuaPart): string => {
    if (foreign) return source;
    return source.replace(/(?<![\w.])(\w+)\.(\w+)/g, (text, base: string, name: string) => {
      const constant = constants.get(base);
      const words = typeof constant === 'object' && !Array.isArray(constant) ? (constant as Readonly<Record<string, LuaValue>>) : undefined;
      if (words === undefined && names[base] === undefined) return text;
      used.add(text);
      if (!(words === undefined ? names[base]?.has(name) : Object.hasOwn(words, name)))
        throw new Error(`${file} uses ${text}, which is not declared`);
      return words === undefined ? `${base}_${name}` : luaLiteral(words[name] as LuaValue);
    });
  };
  const texts = [...parts].map((part) => [part, resolve(part)] as const);
  const whole = texts.map(([, text]) => text).join('\n');
  // A constant of which only words are used needs no table.
  const isNeeded = (name: string, value: LuaValue) => typeof value !== 'object' || new RegExp(`\\b${name}\\b`).test(whole);

  const chunks: LuaChunk[] = [{ file: `names of ${script.file}`, text: preambleOf(keys, args), foreign: false }];
  const declared = new Set<string>();
  for (const [{ file, constants: own, foreign }, text] of texts) {
    // What several parts need is declared once.
    const lines = Object.entries(own)
      .filter(([name, value]) => isNeeded(name, value))
      .map(([name, value]) => `local ${name} = ${luaLiteral(value)}`)
      .filter((line) => !declared.has(line));
    for (const line of lines) declared.add(line);
    if (lines.length > 0) chunks.push({ file: `constants of ${file}`, text: lines.join('\n'), foreign });
    chunks.push({ file, text, foreign });
  }
  const unused = [...constants].flatMap(([name, value]) => {
    if (typeof value !== 'object' || Array.isArray(value) || isNeeded(name, value)) return [];
    return Object.keys(value)
      .map((word) => `${name}.${word}`)
      .filter((text) => !used.has(text));
  });
  return { chunks, unused };
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
