import { expect, test } from 'vitest';
import { OUR_REASONS, PROVIDER_REASONS } from '../../src/alert/reason.ts';
import type { CliDeps } from '../../src/cli/cli-deps.ts';
import { runCli } from '../../src/cli/run-cli.ts';
import { ConfigError } from '../../src/config/fault.ts';
import { MESSAGE_STATES } from '../../src/ledger/history/history.ts';
import { DEFERRED_REASONS } from '../../src/pipeline/outcome.ts';
import { generatedDocs } from './generated-docs.ts';
import { readDoc, tableRows } from './markdown.ts';

const pages = await generatedDocs();

test.each([...pages])('%s matches the code: `npm run docs` writes it', (path, text) => {
  expect(readDoc(path)).toBe(text);
});

test.each([
  ['reasons', ['reason'], [...new Set([...OUR_REASONS, ...PROVIDER_REASONS, ...DEFERRED_REASONS])]],
  ['states', ['state'], MESSAGE_STATES],
  ['outcomes', ['outcome'], ['pending', 'routed', 'suppressed', 'malformed']],
])('docs/reasons.md has all %s and no other', (_name, heads, words) => {
  const page = readDoc('docs/reasons.md');
  const told = heads.flatMap((head) => tableRows(page, head)).map(([word]) => word?.replaceAll('`', ''));
  expect([...new Set(told)].sort()).toEqual([...words].sort());
});

test('docs/cli.md has the commands that the first page of help names, and what is below them', () => {
  const headings = [...readDoc('docs/cli.md').matchAll(/^#{3,} sms-dispatch (.+)$/gm)].map(([, path]) => path);
  expect(headings).toEqual(expect.arrayContaining(['start', 'send', 'explain', 'dead replay', 'config check', 'providers check']));
  expect(new Set(headings).size).toBe(headings.length);
});

test.each([
  [0, 'done', ['--help']],
  [1, 'refused or failed', ['config', 'check']],
  [2, 'wrong usage', ['sned']],
])('exit code %i is %s, as the help says', async (code, words, argv) => {
  const said = { write: () => undefined };
  const loadConfig = async () => {
    throw new ConfigError([{ path: 'routes', message: 'must have at least one route' }]);
  };
  expect(await runCli(argv, { stdout: said, stderr: said, loadConfig, version: '0' } as unknown as CliDeps)).toBe(code);
  expect(readDoc('docs/cli.md')).toMatch(new RegExp(`Exit code:.*\\b${code} ${words}`));
});
