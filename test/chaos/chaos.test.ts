import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MATRIX, pickRows } from './matrix.ts';
import { createRandom } from './random.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';

/** The quickest of each family; `npm run chaos` runs them all, against more processes. */
const SHORT = ['F4-1s', 'F11', 'F13', 'F15-silent'];
const SEED = 20_261_121;

describe('no promise is broken by', { timeout: 240_000 }, () => {
  it.for(SHORT.map((name) => [name, MATRIX[name]] as const))('%s', async ([name, row]) => {
    const result = await runScenario(name, (row as { run: Scenario }).run, SEED, true);
    expect(result.broken).toEqual([]);
    expect(result).toMatchObject({ lost: 0, silentDuplicates: 0 });
    expect(result.accepted).toBeGreaterThan(0);
  });
});

it('a seed gives the same again, however often the numbers forked from it are asked', () => {
  const draw = (asked: number) => {
    const random = createRandom(SEED);
    const mood = random.fork();
    for (let time = 0; time < asked; time++) mood.next();
    return Array.from({ length: 20 }, () => random.between(1, 1_000));
  };
  expect(draw(100)).toEqual(draw(0));
  expect(new Set(draw(0)).size).toBeGreaterThan(15);
  expect(Math.min(...draw(0))).toBeGreaterThanOrEqual(1);
  expect(Math.max(...draw(0))).toBeLessThanOrEqual(1_000);
});

it('a row is asked for by its name, or all of its kind by their number', () => {
  const names = (...only: string[]) => pickRows(only).map(([name]) => name);
  expect(names('F4')).toEqual(['F4-1s', 'F4-9s', 'F4-40s']);
  expect(names('F1', 'F11')).toEqual(['F1', 'F1-hold', 'F11']);
  expect(names('F4-9s')).toEqual(['F4-9s']);
  expect(names()).toEqual(Object.keys(MATRIX));
  expect(() => names('F99')).toThrow('no row named F99');
});

it('what a row says it is held by is there', () => {
  const files = Object.values(MATRIX).flatMap((row) => ('heldBy' in row ? (row.heldBy.match(/test\/\S+\.test\.ts/g) ?? []) : []));
  expect(files.length).toBeGreaterThan(10);
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
});
