import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readDoc } from '../docs/markdown.ts';

type Versions = Readonly<Record<string, string>>;
interface Overrides {
  readonly [name: string]: string | Overrides;
}
interface Locked {
  readonly version?: string;
  readonly engines?: { readonly node?: string };
}

const { dependencies, devDependencies, overrides, scripts } = JSON.parse(readDoc('package.json')) as {
  dependencies: Versions;
  devDependencies: Versions;
  overrides: Overrides;
  scripts: Versions;
};
const { packages } = JSON.parse(readDoc('package-lock.json')) as { packages: Readonly<Record<string, Locked>> };
const page = readDoc('docs/dependencies.md');

describe('docs/dependencies.md', () => {
  test.each([
    ['In production', dependencies],
    ['In development', devDependencies],
  ])('has a row for each package that is used %s, and no other', (heading, versions) => {
    expect(rowsBelow(heading).map(([name]) => name)).toEqual(Object.keys(versions));
  });

  test('gives a reason for versions that are in package.json', () => {
    const all: Versions = { ...dependencies, ...devDependencies };
    const rows = rowsBelow('Versions with a reason of their own');
    expect(rows.map(([name, version]) => [name, version])).toEqual(rows.map(([name = '']) => [name, all[name]]));
  });

  test('gives a reason for each override, and for no other', () => {
    const rows = rowsBelow('Overrides').map(([name, version]) => [name, version]);
    expect(rows).toEqual(flatten(overrides));
  });

  test('leaves no reason out', () => {
    const headings = ['In production', 'In development', 'Versions with a reason of their own', 'Overrides'];
    const [production, ...others] = headings.map(rowsBelow);
    expect(production?.filter(([, use]) => use === '')).toEqual([]);
    expect(others.flat().filter((row) => row.includes(''))).toEqual([]);
  });
});

test('every version of package.json is exact', () => {
  const all = [...Object.entries({ ...dependencies, ...devDependencies }), ...flatten(overrides)];
  expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

test.each(['20.19.0', '24.0.0'])('every package of the lock file accepts Node %s', (node) => {
  const refused = Object.entries(packages).flatMap(([path, { version, engines }]) =>
    engines?.node === undefined || accepts(engines.node, node) ? [] : [`${path} ${version} wants ${engines.node}`],
  );
  expect(refused).toEqual([]);
});

test('npm finds nothing invalid, missing or superfluous among the installed packages', () => {
  const { problems } = JSON.parse(execFileSync('npm', ['ls', '--all', '--json'], { encoding: 'utf8', maxBuffer: 2 ** 26 })) as {
    problems?: readonly string[];
  };
  expect(problems ?? []).toEqual([]);
});

describe('a package is where it is used', () => {
  const production = quoted(['src', 'workers'], (path) => !path.startsWith('src/console/'));

  test('what production loads is a dependency, and every dependency is loaded by production', () => {
    const named = (versions: Versions) => Object.keys(versions).filter((name) => production.has(name));
    expect(named(dependencies)).toEqual(Object.keys(dependencies));
    expect(named(devDependencies)).toEqual([]);
  });

  test('every development dependency is used by a test, the console, a script or the compiler', () => {
    const elsewhere = quoted(['test', 'src/console'], () => true, false);
    const commands = Object.values(scripts).join(' ');
    const command: Versions = { typescript: 'tsc', '@biomejs/biome': 'biome', 'oxlint-tsgolint': 'oxlint --type-aware' };
    const isUsed = (name: string) =>
      elsewhere.has(name) || new RegExp(`\\b${command[name] ?? name}\\b`).test(commands) || isOfTypes(name, elsewhere);
    expect(Object.keys(devDependencies).filter((name) => !isUsed(name))).toEqual([]);
  });

  /** `@types/x` of a package that has no types itself. */
  function isOfTypes(name: string, elsewhere: ReadonlySet<string>): boolean {
    const of = name.replace(/^@types\//, '');
    return of !== name && (of === 'node' || production.has(of) || elsewhere.has(of));
  }
});

/** `>= 16`, `^20.19.0 || >=22.12.0`, `6.* || 8.*`, `*`, `4.x`: the forms that packages write. @throws Error for another one */
function accepts(range: string, node: string): boolean {
  const [major, minor, patch] = numbers(node) as [number, number, number];
  return range.split('||').some((part) => {
    if (/^\s*(\*|x)?\s*$/.test(part)) return true;
    return part
      .trim()
      .replaceAll(/([<>=^~])\s+/g, '$1')
      .split(/\s+/)
      .every((bound) => {
        const [, sign, version = ''] = /^(>=|>|<|<=|\^|~|=|)v?(\d+(?:\.(?:\d+|x|\*))*)$/.exec(bound) ?? [];
        if (sign === undefined) throw new Error(`unreadable range of versions: ${range}`);
        const [low, lowMinor = 0, lowPatch = 0] = numbers(version) as [number, number?, number?];
        const order = major - low || minor - lowMinor || patch - lowPatch;
        if (sign === '>=' || sign === '>') return order >= 0;
        if (sign === '<' || sign === '<=') return order < 0;
        return major === low && order >= 0;
      });
  });
}

function numbers(version: string): number[] {
  return version
    .split('.')
    .filter((part) => /^\d+$/.test(part))
    .map(Number);
}

test.each([
  ['>=22.19.0', '20.19.0', false],
  ['>=22.19.0', '24.0.0', true],
  ['^20.19.0 || >=22.12.0', '20.19.0', true],
  ['^20.20.0 || >=22.12.0', '20.19.0', false],
  ['^20.19.0 || ^22.13.0', '24.0.0', false],
  ['>= 22', '20.19.0', false],
  ['6.* || 8.* || >= 10.*', '20.19.0', true],
  ['>=10 <23', '24.0.0', false],
  ['^18.19.0 || >=20.6.0', '20.19.0', true],
])('a package that wants %s accepts Node %s: %s', (range, node, expected) => {
  expect(accepts(range, node)).toBe(expected);
});

/** `{ a: { b: '1.0.0' } }` → `[['a > b', '1.0.0']]`. */
function flatten(tree: Overrides): (readonly [name: string, version: string])[] {
  return Object.entries(tree).flatMap(([name, value]) =>
    typeof value === 'string'
      ? [[name, value] as const]
      : flatten(value).map(([inner, version]) => [`${name} > ${inner}`, version] as const),
  );
}

/** The cells of the table below a heading, without code marks. */
function rowsBelow(heading: string): string[][] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')),
    );
}

/**
 * The packages whose name, or a path in them, stands in quotes in the code.
 * @param isLoaded leaves out imports of types, which are gone at run time
 */
function quoted(tops: readonly string[], isWanted: (path: string) => boolean, isLoaded = true): Set<string> {
  const files = tops.flatMap((top) => readdirSync(top, { recursive: true, encoding: 'utf8' }).map((path) => posix.join(top, path)));
  const found = files
    .filter((path) => /\.tsx?$/.test(path) && isWanted(path))
    .flatMap((path) => {
      const source = readFileSync(path, 'utf8');
      const code = isLoaded ? source.replaceAll(/^(?:import|export) type [^;]*;/gm, '') : source;
      return [...code.matchAll(/['"`]((?:@[\w-]+\/)?[\w.-]+)(?:\/[\w./-]+)?['"`]/g)].map(([, name]) => name as string);
    });
  return new Set(found);
}
