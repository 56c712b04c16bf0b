import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

/** A project of these files with our configuration of the linters. */
function project(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'sms-lint-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const file of ['.biome.json', '.gitignore', '.oxlintrc.json', 'tsconfig.json']) cpSync(file, join(dir, file));
  // The type checker of oxlint is looked for here.
  symlinkSync(join(process.cwd(), 'node_modules'), join(dir, 'node_modules'));
  for (const [path, source] of Object.entries(files)) {
    mkdirSync(join(dir, dirname(path)), { recursive: true });
    writeFileSync(join(dir, path), source);
  }
  return dir;
}

/** Runs a linter as `npm run lint` does. Throws when it reports something and does not fail, or the other way round. */
function run(name: string, args: readonly string[], cwd: string, find: (stdout: string) => string[]): string[] {
  const { stdout, status } = spawnSync(join(process.cwd(), 'node_modules/.bin', name), args, { cwd, encoding: 'utf8' });
  const found = find(stdout).sort();
  expect(status).toBe(found.length > 0 ? 1 : 0);
  return found;
}

/** The errors of Biome, as `src/a.ts:3 lint/style/noProcessEnv`. */
function biome(files: Readonly<Record<string, string>>): string[] {
  return run('biome', ['lint', '--reporter=json', '.'], project(files), (stdout) => {
    const { diagnostics } = JSON.parse(stdout) as {
      diagnostics: { category: string; severity: string; location: { path: string; start: { line: number } } }[];
    };
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    return errors.map(({ category, location }) => `${location.path}:${location.start.line} ${category}`);
  });
}

/** The errors of oxlint, as `src/a.ts:3 no-floating-promises`. */
function oxlint(files: Readonly<Record<string, string>>): string[] {
  return run('oxlint', ['--type-aware', '--format=unix'], project(files), (stdout) =>
    [...stdout.matchAll(/^(\S+):(\d+):\d+: .*\[Error\/typescript\(([\w-]+)\)\]$/gm)].map(
      ([, path, line, rule]) => `${path}:${line} ${rule}`,
    ),
  );
}

test('process.env is read in setting/environment.ts and in tests, nowhere else', () => {
  const paths = ['src/setting/environment.ts', 'src/config/schema/schema.ts', 'src/http/a.ts', 'workers/a.ts', 'test/a.ts'];
  expect(biome(Object.fromEntries(paths.map((path) => [path, 'export const port = process.env.PORT;\n'])))).toEqual([
    'src/config/schema/schema.ts:1 lint/style/noProcessEnv',
    'src/http/a.ts:1 lint/style/noProcessEnv',
    'workers/a.ts:1 lint/style/noProcessEnv',
  ]);
});

test('a promise that is neither awaited nor handled nor marked as void is an error', () => {
  const port = `export interface Port { close(): Promise<void>; readonly stop: () => Promise<void>; ask?(): Promise<string> }
export async function send(): Promise<void> {}
`;
  const use = `import { type Port, send } from '../src/port.ts';
export async function run(port: Port, given: boolean): Promise<void> {
  send();
  port.close();
  port.stop();
  port.ask?.();
  Promise.all([send()]);
  send().then(() => 1);
  send().finally(() => 1);
  [1, 2].map(async () => send());
  given && send();
  given ? port.close() : undefined;
  await send();
  void port.close();
  port.close().catch(() => undefined);
  const sending = send();
  await sending;
}
`;
  const lines = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  expect(oxlint({ 'src/port.ts': port, 'test/use.ts': use })).toEqual(
    lines.map((line) => `test/use.ts:${line} no-floating-promises`).sort(),
  );
});

test('a switch that leaves out a member of a union, and has no default, is an error', () => {
  const types = `export type State = 'sent' | 'failed' | 'unknown';
export type Outcome = { readonly kind: 'accepted'; readonly id: string } | { readonly kind: 'refused' };
`;
  const use = `import type { Outcome, State } from './types.ts';
export function act(state: State, outcome: Outcome, note: (text: string) => void): void {
  switch (state) {
    case 'sent':
    case 'failed':
      note('ended');
  }
  switch (outcome.kind) {
    case 'accepted':
      note(outcome.id);
  }
  switch (state) {
    case 'sent':
      note('sent');
      break;
    default:
      note('other');
  }
  switch (outcome.kind) {
    case 'accepted':
    case 'refused':
      note('ended');
  }
}
`;
  expect(oxlint({ 'src/types.ts': types, 'src/use.ts': use })).toEqual([
    'src/use.ts:3 switch-exhaustiveness-check',
    'src/use.ts:8 switch-exhaustiveness-check',
  ]);
});

test('a circle of imports is an error, in tests and between types too', () => {
  expect(
    biome({
      'test/a.ts': "import type { B } from './b.ts';\nexport interface A { readonly b: B }\n",
      'test/b.ts': "import type { A } from './c.ts';\nexport interface B { readonly a: A }\n",
      'test/c.ts': "export type { A } from './a.ts';\n",
    }),
  ).toContain('test/a.ts:1 lint/suspicious/noImportCycles');
});
