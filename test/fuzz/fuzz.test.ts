import { describe, expect, it, onTestFinished } from 'vitest';
import { createOpenApi } from '../../src/http/openapi/openapi.ts';
import { loadYaml, minimal } from '../config/load-yaml.ts';
import { fuzzConfig } from './config.ts';
import { fuzzCsv } from './csv.ts';
import { CALLS } from './door-calls.ts';
import { fuzzDoors } from './doors.ts';
import { type Fuzz, leaksIn, randomOf, rawWordsIn } from './fuzz.ts';
import { mutateValue, toJson } from './mutate.ts';
import { fuzzQueue } from './queue.ts';

const SEED = 20_261_201;

/** A few of each; `npm run fuzz -- --count 20000` tries more. */
const READERS: readonly (readonly [name: string, fuzz: Fuzz, count: number])[] = [
  ['every route of the HTTP API and the console', fuzzDoors, 300],
  ['config files, contact files, environments and files of other systems', fuzzConfig, 80],
  ['CSV files', fuzzCsv, 200],
  ['raw jobs on every queue', fuzzQueue, 400],
];

describe('mutated input loses nothing, hangs nothing and shows nothing that it should not:', { timeout: 240_000 }, () => {
  it.for(READERS)('%s', async ([, fuzz, count]) => {
    const { tried, broken } = await fuzz({ count, seed: SEED, onEnd: (end) => onTestFinished(end) });
    expect(broken).toEqual([]);
    expect(tried).toBe(count);
  });
});

it('every route of the OpenAPI document has a call that is mutated', () => {
  const { paths } = createOpenApi(loadYaml(minimal()).config.http) as { paths: Record<string, Record<string, unknown>> };
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path] as const),
  );
  expect(routes.length).toBeGreaterThan(15);
  const isCalled = ([method, path]: readonly [string, string]) => {
    const pattern = new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`);
    return CALLS.some((call) => call.method === method && pattern.test(call.path));
  };
  expect(routes.filter((route) => !isCalled(route))).toEqual([]);
});

describe('the oracle', () => {
  it.each([
    ['a stack', 'Error: x\n    at read (file:///app/dist/x.js:1:2)'],
    ['a phone number', 'no such contact: 60198765432'],
    ['a secret', 'token the-secret is wrong'],
  ])('finds %s', (_what, text) => {
    expect(leaksIn(text, ['the-secret'])).toHaveLength(1);
    expect(leaksIn('no phone number at +60*******432', ['the-secret'])).toEqual([]);
  });

  it("finds a validator's words, but not in what is quoted of the caller", () => {
    expect(rawWordsIn('Invalid input: expected string, received number')).toHaveLength(1);
    expect(rawWordsIn('must be text, got "Invalid input"')).toEqual([]);
  });

  it('tries the same inputs again for the same seed', () => {
    const inputs = (seed: number) =>
      Array.from({ length: 50 }, (_, input) => toJson(mutateValue({ a: [1, { b: 'c' }] }, randomOf(seed, input))));
    expect(inputs(1)).toEqual(inputs(1));
    expect(inputs(1)).not.toEqual(inputs(2));
    expect(new Set(inputs(1)).size).toBeGreaterThan(25);
  });
});
