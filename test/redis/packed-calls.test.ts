import fc from 'fast-check';
import { expect, it } from 'vitest';
import { luaText, type ScriptArg, sendLua } from '../../src/redis/lua-text.ts';
import { packCalls, programOf } from '../../src/redis/packed-calls.ts';
import { testRedis } from '../support/redis.ts';

const { redis } = testRedis();
const echo = luaText('return { KEYS, ARGV }');
const program = programOf([luaText('return 0'), echo]);

async function echoed(keys: readonly string[], args: readonly ScriptArg[], isDeclared: boolean): Promise<unknown> {
  const declared: string[] | undefined = isDeclared ? [] : undefined;
  const step = { lua: echo, keys, args, read: (reply: unknown) => reply };
  const packed = packCalls([[{ step }]], program, declared);
  const [[[reply]]] = (await sendLua(redis, program.lua, declared ?? [], [packed])) as [[[unknown]]];
  return reply;
}

const alone = async (keys: readonly string[], args: readonly ScriptArg[]): Promise<unknown> => sendLua(redis, echo, keys, args);

it.each([true, false])('a packed call has the keys and arguments that it would have alone (keys declared: %s)', async (isDeclared) => {
  const arg = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.constantFrom(null, undefined, 1e21, -0),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' })), fc.array(arg), async (keys, args) => {
      expect(await echoed(keys, args, isDeclared)).toEqual(await alone(keys, args));
    }),
    { numRuns: 200 },
  );
});

it.each([85, 86, 255, 256, 65_535, 65_536, 300_000])('a text of %i characters of three bytes arrives whole', async (length) => {
  expect(await echoed([], ['€'.repeat(length), 'after'], false)).toEqual([[], ['€'.repeat(length), 'after']]);
});

it.each([15, 16, 5_000])('a list of %i arguments arrives whole', async (length) => {
  const args = Array.from({ length }, (_, index) => String(index));
  expect(await echoed(['key'], args, true)).toEqual([['key'], args]);
});

it('bytes arrive as they are', async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const sum = luaText('local sum = 0 for n = 1, #ARGV[1] do sum = sum + ARGV[1]:byte(n) * n end return { #ARGV[1], sum }');
  const one = programOf([sum]);
  const step = { lua: sum, keys: [], args: [bytes], read: (reply: unknown) => reply };
  const [[[reply]]] = (await sendLua(redis, one.lua, [], [packCalls([[{ step }]], one)])) as [[[unknown]]];
  expect(reply).toEqual([256, bytes.reduce((sum, byte, index) => sum + byte * (index + 1), 0)]);
});
