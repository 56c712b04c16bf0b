import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectRedis, type Redis } from '../../src/redis/connect.ts';
import { partOf, scriptOf } from '../support/lua-script.ts';
import { testRedis } from '../support/redis.ts';
import { startRedisServer } from '../support/redis-server.ts';

const adding = scriptOf("return { redis.call('INCRBY', keys.sum, args.by), (args.note or '') .. keys.sum }", {
  keys: ['sum'],
  args: { by: 'number', note: 'string?' },
  reply: (answer) => answer as [number, string],
});
const add = (redis: Redis, sum: string, by: number, note?: string) => adding(redis, { keys: { sum }, args: { by, note } });

/** How often the server was asked for each of these so far. */
async function calls(redis: Redis): Promise<{ eval: number; evalsha: number }> {
  const stats = await redis.info('commandstats');
  const count = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  return { eval: count('eval'), evalsha: count('evalsha') };
}

describe('a script', () => {
  it('gets its keys and arguments, numbers too, and gives its result', async () => {
    const { redis, prefix } = testRedis();
    expect(await add(redis, `${prefix}:n`, 2, 'at ')).toEqual([2, `at ${prefix}:n`]);
    expect(await add(redis, `${prefix}:n`, 40)).toEqual([42, `${prefix}:n`]);
  });

  it('sends its source once, then only the hash', async () => {
    const server = await startRedisServer();
    const redis = connectRedis(server.url, 'commands');
    for (let n = 0; n < 10; n++) await add(redis, 'n', 1);
    expect(await redis.get('n')).toBe('10');
    expect(await calls(redis)).toEqual({ eval: 1, evalsha: 10 });
    redis.disconnect();
    await server.stop();
  });

  it('survives SCRIPT FLUSH and a restart of the server, and runs exactly once each time', async () => {
    const server = await startRedisServer();
    const redis = connectRedis(server.url, 'commands');
    await add(redis, 'n', 1);
    await redis.script('FLUSH');
    expect(await add(redis, 'n', 1)).toEqual([2, 'n']);
    await server.kill();
    await server.restart();
    expect(await add(redis, 'n', 1)).toEqual([3, 'n']);
    redis.disconnect();
    await server.stop();
  });

  it('runs exactly once for each of many calls in flight while the scripts are flushed', async () => {
    const server = await startRedisServer();
    const redis = connectRedis(server.url, 'commands');
    const flusher = connectRedis(server.url, 'commands');
    let flushing = true;
    const flush = async () => {
      while (flushing) await flusher.script('FLUSH');
    };
    const flushed = flush();
    await Promise.all(Array.from({ length: 500 }, () => add(redis, 'n', 1)));
    flushing = false;
    await flushed;
    expect(await redis.get('n')).toBe('500');
    expect((await calls(redis)).eval).toBeGreaterThan(1);
    redis.disconnect();
    flusher.disconnect();
    await server.stop();
  });

  it('passes on what goes wrong inside it', async () => {
    const { redis, prefix } = testRedis();
    await redis.set(`${prefix}:n`, 'not a number');
    await expect(add(redis, `${prefix}:n`, 1)).rejects.toThrow(/not an integer/);
    expect(await redis.get(`${prefix}:n`)).toBe('not a number');
  });
});

describe('names of a script', () => {
  it('give Lua every kind of argument, and lists of any length', async () => {
    const echo = scriptOf(
      `return cjson.encode({
        text = args.text, hint = args.hint or 'nil', count = args.count + 1, limit = args.limit or 'nil', isOn = args.isOn,
        ids = table.concat(args.ids, '+'), fields = table.concat(args.fields, '+'), rows = args.rows, none = #args.none,
        first = keys.first, others = table.concat(keys.others, '+') })`,
      {
        keys: ['first', '...others'],
        args: {
          ids: 'strings',
          text: 'string',
          fields: 'fields',
          hint: 'string?',
          count: 'number',
          rows: [{ fields: 'fields', name: 'string', isOn: 'flag', note: 'string?' }],
          limit: 'number?',
          isOn: 'flag',
          none: [{ ids: 'strings' }],
        },
        reply: (answer) => JSON.parse(String(answer)) as Record<string, unknown>,
      },
    );
    const { redis, prefix } = testRedis();
    const keys = { first: `${prefix}:1`, others: [`${prefix}:2`, `${prefix}:3`] };
    const args = {
      ids: ['a', '', 'b'],
      text: 'ü\0',
      fields: { x: 1, y: 'z' },
      hint: undefined,
      count: 41,
      rows: [
        { fields: { a: 'b' }, name: 'n', isOn: true, note: undefined },
        { fields: { c: 2, d: '' }, name: '', isOn: false, note: '!' },
      ],
      limit: undefined,
      isOn: true,
      none: [],
    };
    const answer = {
      text: 'ü\0',
      hint: 'nil',
      count: 42,
      limit: 'nil',
      isOn: true,
      ids: 'a++b',
      fields: 'x+1+y+z',
      rows: [
        { fields: ['a', 'b'], name: 'n', isOn: true },
        { fields: ['c', '2', 'd', ''], name: '', isOn: false, note: '!' },
      ],
      none: 0,
      first: `${prefix}:1`,
      others: `${prefix}:2+${prefix}:3`,
    };
    expect(await echo(redis, { keys, args })).toEqual(answer);
    expect(await echo(redis, { keys: { ...keys, others: [] }, args: { ...args, hint: 'h', limit: 0, isOn: false } })).toEqual({
      ...answer,
      hint: 'h',
      limit: 0,
      isOn: false,
      others: '',
    });
  });

  it('give Lua any constant as TypeScript has it', async () => {
    const { redis, prefix } = testRedis();
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 3 },
        fc.string({ unit: 'binary' }),
        fc.integer(),
        fc.boolean(),
        fc.array(tie('any'), { minLength: 1 }),
        fc.dictionary(
          fc.string({ minLength: 1 }).filter((name) => !/^\d+$/.test(name)),
          tie('any'),
          { minKeys: 1, noNullPrototype: true },
        ),
      ),
    })).any as fc.Arbitrary<string>;
    await fc.assert(
      fc.asyncProperty(value, async (CONSTANT) => {
        const part = partOf('local function constant() return PART end', { constants: { PART: CONSTANT } });
        const script = scriptOf('local _ = keys.any return cjson.encode({ CONSTANT, constant() })', {
          keys: ['any'],
          reply: (answer) => JSON.parse(String(answer)) as unknown,
          constants: { CONSTANT },
          includes: [part, part],
        });
        expect(await script(redis, { keys: { any: prefix } })).toEqual([CONSTANT, CONSTANT]);
      }),
      { numRuns: 40 },
    );
  });

  it('are checked by the compiler', () => {
    const call = (redis: Redis) => [
      // @ts-expect-error no such key
      adding(redis, { keys: { some: 'n' }, args: { by: 1, note: undefined } }),
      // @ts-expect-error a key is missing
      adding(redis, { keys: {}, args: { by: 1, note: undefined } }),
      // @ts-expect-error an argument is missing
      adding(redis, { keys: { sum: 'n' }, args: { note: 'x' } }),
      // @ts-expect-error an argument is of another kind
      adding(redis, { keys: { sum: 'n' }, args: { by: '1', note: undefined } }),
    ];
    expect(call).toBeTypeOf('function');
  });
});

describe('an answer', () => {
  const { redis, prefix } = testRedis();
  const answering = scriptOf('local _ = keys.any return cjson.decode(args.answer)', {
    keys: ['any'],
    args: { answer: 'string' },
    reply: { opened: { number: 'number', isNew: 'flag', ids: 'strings', by: 'string?' }, busy: {} },
  });
  const answer = (value: unknown) => answering(redis, { keys: { any: prefix }, args: { answer: JSON.stringify(value) } });

  it('has the kind and the values that its definition names', async () => {
    expect(await answer(['opened', 3, 1, ['a', 'b'], ''])).toEqual({
      kind: 'opened',
      number: 3,
      isNew: true,
      ids: ['a', 'b'],
      by: undefined,
    });
    expect(await answer(['opened', 3, 0, [], 'x'])).toEqual({ kind: 'opened', number: 3, isNew: false, ids: [], by: 'x' });
    expect(await answer('busy')).toEqual({ kind: 'busy' });
    expect(await answer(['busy'])).toEqual({ kind: 'busy' });
  });

  it('of a kind that its definition does not name is an error', async () => {
    await expect(answer('closed')).rejects.toThrow(/test\.lua returned "closed", which its definition does not list/);
    await expect(answer([])).rejects.toThrow('does not list');
    const word = scriptOf("local _ = keys.any return 'moved'", { keys: ['any'], reply: ['gone'] });
    await expect(word(redis, { keys: { any: prefix } })).rejects.toThrow('returned "moved"');
  });
});
