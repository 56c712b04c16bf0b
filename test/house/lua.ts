import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { definedScripts, noReply, type Script } from '../../src/redis/define-script.ts';
import { callsLua } from '../../src/redis/packed-calls.ts';
import { type CheckedScript, checkScript } from './lua-names.ts';

/** Every script below `src`, and what is wrong with the files. */
export async function findScripts(root: string): Promise<{ readonly scripts: readonly Script[]; readonly faults: readonly string[] }> {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).sort();
  const faults: string[] = [];
  for (const path of files.filter((file) => file.endsWith('.ts'))) {
    if (!/\bdefineScript\(/.test(readFileSync(join(root, 'src', path), 'utf8'))) continue;
    // A name that is not declared is an error when the module is read.
    await import(importOf(root, path)).catch((error: Error) => faults.push(error.message));
  }
  const folder = join(sourceRoot(resolve(root)), 'src/');
  const scripts = definedScripts().filter(({ chunks }) => chunks.at(-1)?.file.startsWith(folder));
  const loaded = new Set(scripts.flatMap(({ chunks }) => chunks.map(({ file }) => file)));
  loaded.add(callsLua.file);
  const unread = files.filter((file) => file.endsWith('.lua') && !loaded.has(join(folder, file)));
  if (faults.length === 0) faults.push(...unread.map((file) => `src/${file} belongs to no script`));
  return { scripts, faults };
}

/** Compiled, this file stands in dist/test/house; vitest runs it from test/house. */
function isCompiled(): boolean {
  return import.meta.url.endsWith('.js');
}

function sourceRoot(root: string): string {
  return isCompiled() ? join(root, 'dist') : root;
}

function importOf(root: string, path: string): string {
  return pathToFileURL(join(sourceRoot(root), 'src', isCompiled() ? path.replace(/\.ts$/, '.js') : path)).href;
}

const { file, source: text, foreign } = callsLua;
/** The Lua that calls several scripts, which is put before it. */
const callsDriver: CheckedScript = {
  definition: { reply: noReply },
  chunks: [
    { file: 'scripts of a call', text: 'local SCRIPTS = {}', foreign: true },
    { file, text, foreign },
  ],
  unused: [],
};

/** All faults of all scripts. */
export async function checkScripts(root: string): Promise<string[]> {
  const { scripts, faults } = await findScripts(root);
  return [...new Set([...faults, ...scripts.flatMap(checkScript), ...checkScript(callsDriver)])].sort();
}
