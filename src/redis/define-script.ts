import type { Redis } from './connect.ts';
import {
  type ArgKind,
  type ArgKinds,
  assemble,
  isScalar,
  type LuaChunk,
  type LuaConstants,
  type LuaPart,
  luaPart,
  type Scalar,
  wireOrder,
} from './lua-source.ts';
import { luaText, type ScriptStep } from './lua-text.ts';
import { runStep } from './run-scripts.ts';
import { joinBatches } from './script-batch.ts';

interface ScalarTypes {
  string: string;
  'string?': string | undefined;
  number: number;
  'number?': number | undefined;
  flag: boolean;
}
type Fields = Readonly<Record<string, string | number>>;
type ArgOf<Kind> = Kind extends Scalar
  ? ScalarTypes[Kind]
  : Kind extends 'strings'
    ? readonly string[]
    : Kind extends 'fields'
      ? Fields
      : Kind extends readonly [infer Row]
        ? readonly ArgsOf<Row>[]
        : never;
type ArgsOf<Kinds> = { readonly [Name in keyof Kinds]: ArgOf<Kinds[Name]> };
type KeysOf<Names extends readonly string[]> = {
  readonly [Name in Names[number] as Name extends `...${infer Rest}` ? Rest : Name]: Name extends `...${string}`
    ? readonly string[]
    : string;
};

interface ReplyTypes {
  string: string;
  'string?': string | undefined;
  number: number;
  flag: boolean;
  strings: string[];
}
/** A list: one of these words. */
type ReplyKind = keyof ReplyTypes | readonly string[];
type ReplyValue<Kind> = Kind extends keyof ReplyTypes ? ReplyTypes[Kind] : Kind extends readonly (infer Word)[] ? Word : never;
type ReplyRows = Readonly<Record<string, Readonly<Record<string, ReplyKind>>>>;

/**
 * The reply of a script. A list of words: it returns one of them. A table of words: it returns a word, or a list of the word and
 * the values named here. A function: parses what the script returns.
 */
export type Reply = readonly string[] | ReplyRows | ((reply: unknown) => unknown);
type Flat<T> = { [Name in keyof T]: T[Name] };
export type AnswerOf<R> = R extends readonly (infer Word)[]
  ? Word
  : R extends (reply: unknown) => infer Result
    ? Result
    : { [Word in keyof R]: Flat<{ kind: Word } & { -readonly [Name in keyof R[Word]]: ReplyValue<R[Word][Name]> }> }[keyof R];

export interface ScriptDefinition<
  Keys extends readonly string[] = readonly string[],
  Args extends ArgKinds = ArgKinds,
  R extends Reply = Reply,
> {
  /** Names of KEYS, in order; in Lua `keys.name`. The last may begin with `...`: it is a list of any length. */
  readonly keys: Keys;
  /** Names of ARGV with their kinds; in Lua `args.name`. */
  readonly args?: Args;
  readonly reply: R;
  /** In Lua a local of that name. */
  readonly constants?: LuaConstants;
  /** Shared Lua functions, placed before the script. */
  readonly includes?: readonly LuaPart[];
  /** Every alert calls it, so it is sent in batches. */
  readonly batched?: boolean;
}

export interface Script<Keys extends readonly string[] = readonly string[], Args extends ArgKinds = ArgKinds, R extends Reply = Reply> {
  (redis: Redis, call: ScriptCall<Keys, Args>): Promise<AnswerOf<R>>;
  /** The call without sending it. */
  step(call: ScriptCall<Keys, Args>): ScriptStep<AnswerOf<R>>;
  readonly definition: ScriptDefinition<Keys, Args, R>;
  /** The source sent to Redis, in pieces. */
  readonly chunks: readonly LuaChunk[];
  /** Entries of constants that no line uses. */
  readonly unused: readonly string[];
}
export type ScriptCall<Keys extends readonly string[], Args> = { readonly keys: KeysOf<Keys> } & (keyof Args extends never
  ? unknown
  : { readonly args: ArgsOf<Args> });

const defined: Script[] = [];

/** All scripts of the modules loaded so far. */
export function definedScripts(): readonly Script[] {
  return defined;
}

/**
 * A Lua script as a function with named keys and arguments. Sends only the hash; the source follows if the server does
 * not know it: the first time, after a restart, after SCRIPT FLUSH. A client that waits through outages sends a call again when its
 * reply was lost, so a script must return the same reply the second time.
 * @param file such as `new URL('move.lua', import.meta.url)`
 */
export function defineScript<
  const Keys extends readonly string[],
  const R extends Reply,
  const Args extends ArgKinds = Record<never, never>,
>(file: URL, definition: ScriptDefinition<Keys, Args, R>): Script<Keys, Args, R> {
  const { keys, args = {}, reply, constants = {}, includes = [], batched = false } = definition;
  const { chunks, unused } = assemble(keys, args, luaPart(file, { constants, includes }));
  const lua = luaText(chunks.map(({ text }) => text).join('\n'));
  if (batched) joinBatches(lua);
  const order = wireOrder(args);
  const read = readerOf(file, reply) as (answer: unknown) => AnswerOf<R>;
  const step = (call: NamedCall): ScriptStep<AnswerOf<R>> => {
    const sentKeys: string[] = [];
    for (const name of keys) {
      if (name.startsWith('...')) sentKeys.push(...(call.keys[name.slice(3)] as readonly string[]));
      else sentKeys.push(call.keys[name] as string);
    }
    const sentArgs: (string | number)[] = [];
    for (const [name, kind] of order) write(sentArgs, kind, call.args?.[name]);
    return { lua, keys: sentKeys, args: sentArgs, read };
  };
  const run = (redis: Redis, call: NamedCall) => runStep(redis, step(call));
  const script = Object.assign(run as unknown as Script<Keys, Args, R>, { step, definition, chunks, unused });
  defined.push(script as unknown as Script);
  return script;
}

interface NamedCall {
  readonly keys: Readonly<Record<string, string | readonly string[]>>;
  readonly args?: Readonly<Record<string, unknown>>;
}

function write(sent: (string | number)[], kind: ArgKind, value: unknown): void {
  if (kind === 'flag') sent.push(value === true ? 1 : 0);
  else if (isScalar(kind)) sent.push((value as string | number | undefined) ?? '');
  else if (kind === 'strings') sent.push((value as readonly string[]).length, ...(value as readonly string[]));
  else if (kind === 'fields') {
    const flat = Object.entries(value as Fields).flat();
    sent.push(flat.length, ...flat);
  } else {
    const rows = value as readonly Readonly<Record<string, unknown>>[];
    const order = wireOrder((kind as readonly [ArgKinds])[0]);
    sent.push(rows.length);
    for (const row of rows) for (const [name, inner] of order) write(sent, inner, row[name]);
  }
}

const REPLIES: { readonly [Kind in keyof ReplyTypes]: (value: unknown) => ReplyTypes[Kind] } = {
  string: String,
  'string?': (value) => (value === '' || value === null || value === undefined ? undefined : String(value)),
  number: Number,
  flag: (value) => value === 1,
  strings: (value) => value as string[],
};

function readerOf(file: URL, reply: Reply): (answer: unknown) => unknown {
  if (typeof reply === 'function') return reply;
  const unknown = (word: unknown) => new Error(`${file.pathname} returned ${JSON.stringify(word)}, which its definition does not list`);
  if (Array.isArray(reply)) {
    const words: readonly unknown[] = reply;
    return (answer) => {
      if (!words.includes(answer)) throw unknown(answer);
      return answer;
    };
  }
  const rows = new Map(Object.entries(reply as ReplyRows).map(([word, values]) => [word as unknown, Object.entries(values)] as const));
  const replied = (type: ReplyKind, value: unknown): unknown => {
    if (typeof type === 'string') return REPLIES[type](value);
    if (!type.includes(value as string)) throw unknown(value);
    return value;
  };
  return (answer) => {
    const [kind, ...values] = Array.isArray(answer) ? answer : [answer];
    const row = rows.get(kind);
    if (row === undefined) throw unknown(kind);
    const result: Record<string, unknown> = { kind };
    for (const [index, [name, type]] of row.entries()) result[name] = replied(type, values[index]);
    return result;
  };
}

/** Reply type of a script without a result. */
export const noReply = (): undefined => undefined;
/** Reply type of a script that returns a list of strings. */
export const stringList = (reply: unknown): string[] => reply as string[];
/** Reply type of a script that returns a string or nil. */
export const stringOrNone = (reply: unknown): string | undefined => (reply === null || reply === undefined ? undefined : String(reply));
