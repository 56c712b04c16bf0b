import { readFileSync } from 'node:fs';
import { foreignPart, type LuaPart } from './lua-source.ts';
import { type ChainLink, type LuaText, luaText, type ScriptArg } from './lua-text.ts';

const driver = new URL('calls.lua', import.meta.url);
/** Calls the functions of the table `SCRIPTS`. */
export const callsLua: LuaPart = foreignPart(driver.pathname, readFileSync(driver, 'utf8'));

/** Several scripts as one Lua source, which runs calls of them. */
export interface Program {
  readonly lua: LuaText;
  /** Number of each script, from 1. */
  readonly numbers: ReadonlyMap<LuaText, number>;
}

export function programOf(scripts: readonly LuaText[]): Program {
  const functions = scripts.map(({ text }) => `function(KEYS, ARGV)\n${text}\nend`);
  return {
    lua: luaText(`local SCRIPTS = {\n${functions.join(',\n')}\n}\n${callsLua.source}`),
    numbers: new Map(scripts.map((script, index) => [script, index + 1])),
  };
}

/** Replies of a call: a list with the reply of the step, the error of a step that failed, null for a step that was left out. */
export type StepReplies = readonly (readonly unknown[] | Error | null)[];

/**
 * Results of the steps of a call; `undefined` for one that did not run.
 * @throws Error of the first step that failed
 */
export function readReplies(links: readonly ChainLink[], replies: StepReplies): unknown[] {
  for (const reply of replies) {
    const value = Array.isArray(reply) ? (reply as readonly unknown[])[0] : reply;
    if (value instanceof Error) throw value;
  }
  return links.map(({ step }, index) => {
    const reply = replies[index] as readonly unknown[] | null;
    return reply === null ? undefined : step.read(reply[0] ?? null);
  });
}

/** A packed call may be this large and is still packed without a new buffer. */
const SCRATCH_BYTES = 1 << 18;
/** Longest text whose UTF-8 surely fits the short form. */
const SHORT_TEXT = 85;

let scratch = Buffer.allocUnsafe(SCRATCH_BYTES);
let end = 0;

/**
 * Calls as the MessagePack that `calls.lua` reads: nested lists of texts and small numbers. One argument costs ioredis and Redis less
 * than a hundred, and bytes are kept as they are, which Redis' reader allows only in texts.
 * @param declared receives the keys, which are then sent as KEYS; absent: they are packed too
 * @see https://github.com/msgpack/msgpack/blob/master/spec.md
 */
export function packCalls(calls: readonly (readonly ChainLink[])[], { numbers }: Program, declared?: string[]): Buffer {
  end = 0;
  list(calls.length);
  for (const links of calls) {
    list(links.length);
    for (const { step, after = '' } of links) {
      list(4);
      number(numbers.get(step.lua) as number);
      text(after);
      if (declared === undefined) texts(step.keys);
      else {
        number(step.keys.length);
        declared.push(...step.keys);
      }
      texts(step.args);
    }
  }
  const packed = Buffer.from(scratch.subarray(0, end));
  if (scratch.length > SCRATCH_BYTES) scratch = Buffer.allocUnsafe(SCRATCH_BYTES);
  return packed;
}

function texts(values: readonly ScriptArg[]): void {
  list(values.length);
  for (const value of values) {
    if (typeof value === 'string') text(value);
    else if (Buffer.isBuffer(value)) bytes(value);
    else text(asText(value));
  }
}

/** As ioredis sends it: BullMQ leaves arguments undefined. */
function asText(value: number | null | undefined): string {
  if (value === null || value === undefined) return '';
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value).toString() : String(value);
}

function list(length: number): void {
  makeRoom(5);
  if (length < 16) scratch[end++] = 0x90 | length;
  else header(0xdd, length);
}

function number(value: number): void {
  makeRoom(5);
  if (value < 128) scratch[end++] = value;
  else header(0xce, value);
}

function text(value: string): void {
  makeRoom(5 + 3 * value.length);
  if (value.length <= SHORT_TEXT) {
    const length = scratch.write(value, end + 2);
    scratch[end] = 0xd9;
    scratch[end + 1] = length;
    end += 2 + length;
    return;
  }
  const length = scratch.write(value, end + 5);
  header(0xdb, length);
  end += length;
}

function bytes(value: Buffer): void {
  makeRoom(5 + value.length);
  header(0xdb, value.length);
  end += value.copy(scratch, end);
}

function header(kind: number, length: number): void {
  scratch[end] = kind;
  end = scratch.writeUInt32BE(length, end + 1);
}

function makeRoom(more: number): void {
  if (end + more <= scratch.length) return;
  const larger = Buffer.allocUnsafe(Math.max(2 * scratch.length, end + more));
  scratch.copy(larger, 0, 0, end);
  scratch = larger;
}
