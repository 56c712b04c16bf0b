import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { partOf, scriptOf } from '../support/lua-script.ts';
import { checkScripts, findScripts } from './lua.ts';
import { checkScript } from './lua-names.ts';

test('every Lua script parses, declares what it uses, uses what it declares, and answers what it says', async () => {
  expect(await checkScripts('.')).toEqual([]);
});

test('no Lua stands in TypeScript', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  const found = files.filter((path) => /\b(?:KEYS|ARGV)\[\d/.test(readFileSync(join('src', path), 'utf8')));
  // The pacer changes the text of bottleneck's.
  expect(found.filter((path) => !path.startsWith('limit/pacing/'))).toEqual([]);
});

test('all scripts are checked', async () => {
  expect((await findScripts('.')).scripts.length).toBeGreaterThan(50);
});

const names = {
  keys: ['message', '...parts'],
  args: { run: 'string', rows: [{ id: 'string' }] },
  reply: ['moved', 'kept'],
  constants: { LIMIT: 3, STATE: { failed: 'failed' } },
} as const;
const good = `
local state = redis.call('HGET', keys.message, args.run)
if state ~= STATE.failed or #keys.parts > LIMIT then return 'kept' end
for _, row in ipairs(args.rows) do redis.call('SET', keys.message, row.id) end
return 'moved'
`;

function faultsOf(lua: string, definition: Parameters<typeof scriptOf>[1] = names): string[] {
  const shown = (fault: string) => fault.replace(/\/\S*\/(?=test\.lua)/, '');
  try {
    return checkScript(scriptOf(lua, definition)).map(shown);
  } catch (error) {
    return [shown((error as Error).message)];
  }
}

test('a script without a fault has none', () => {
  expect(faultsOf(good)).toEqual([]);
});

test.each([
  ['a key that is not declared', 'keys.message, args.run', 'keys.mesage, args.run', ['test.lua uses keys.mesage, which is not declared']],
  ['an argument that is not declared', 'args.run', 'args.runs', ['test.lua uses args.runs, which is not declared']],
  ['a word of a table that is not declared', 'STATE.failed', 'STATE.failde', ['test.lua uses STATE.failde, which is not declared']],
  ['a key that is not used', '#keys.parts', '1', ['names of test.lua:3 declares keys.parts, which is not used']],
  ['an argument that is not used', 'args.run', "'run'", ['names of test.lua:2 declares args.run, which is not used']],
  ['a word of a table that is not used', 'STATE.failed', "'failed'", ['names of test.lua:1 declares STATE.failed, which is not used']],
  ['a constant that is not used', '> LIMIT', '> 2', ['constants of test.lua:1 declares LIMIT, which is not used']],
  ['the keys as a whole', '#keys.parts', '#keys.parts + #keys', ['test.lua:3 uses keys, which is not declared']],
  [
    'a field of a row that is not declared',
    'row.id',
    'row.ids',
    ['names of test.lua:1 declares args.rows.id, which is not used', 'test.lua:4 uses row.ids, which is not declared'],
  ],
  [
    'a variable that is not declared',
    'if state',
    'if stat',
    ['test.lua:2 declares state, which is not used', 'test.lua:3 uses stat, which is not declared'],
  ],
  [
    'a function that is used before its declaration',
    "return 'moved'",
    "local function f() return g() end local function g() return f() end f() return 'moved'",
    ['test.lua:5 uses g, which is not declared', 'test.lua:5 declares g, which is not used'],
  ],
  ['an assignment to a global', "return 'moved'", "state2 = 1 return 'moved'", ['test.lua:5 assigns state2, which is not declared']],
  [
    'a global function',
    "return 'moved'",
    "function f() end return 'moved'",
    ['test.lua:5 defines a global function: write local function'],
  ],
  ['KEYS by number', 'keys.message, row.id', 'KEYS[1], row.id', ['test.lua:4 uses KEYS, which is not declared']],
  ['a function that Redis does not have', "return 'moved'", "os.exit() return 'moved'", ['test.lua:5 uses os, which is not declared']],
  [
    'a word that is not among the answers',
    "return 'kept'",
    "return 'keept'",
    ["names of test.lua:1 lists the answer 'kept', which is never given", "test.lua:3 answers 'keept', which its reply does not list"],
  ],
  [
    'an answer that is never given',
    "return 'moved'",
    "return 'kept'",
    ["names of test.lua:1 lists the answer 'moved', which is never given"],
  ],
  ['a second declaration', "return 'moved'", "local state = 1 return state and 'moved'", ['test.lua:5 declares state a second time']],
])('%s is a fault', (_, from, to, faults) => {
  expect(good).toContain(from);
  expect(faultsOf(good.replace(from, to)).toSorted()).toEqual([...faults].sort());
});

test('a syntax error is a fault, with the line of the file', () => {
  expect(faultsOf(good.replace('then return', 'return'))).toEqual([expect.stringMatching(/^test\.lua:3 .*expected near/)]);
});

test('what an included file needs is looked for in the script', () => {
  const tell = partOf("local function tell(line) redis.call('XADD', keys.journal, '*', 'line', line) end");
  const script = (lua: string, keys: readonly string[]) => faultsOf(lua, { keys, reply: ['told'], includes: [tell] });
  expect(script("tell('x') return 'told'", ['journal'])).toEqual([]);
  expect(script("tell('x') return redis.call('GET', keys.message) and 'told'", ['message'])).toEqual([
    'test.lua uses keys.journal, which is not declared',
  ]);
  expect(script("return redis.call('GET', keys.journal) and 'told'", ['journal'])).toEqual(['test.lua:1 declares tell, which is not used']);
});
