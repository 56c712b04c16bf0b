import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Script } from '../../src/redis/define-script.ts';
import { checkScript } from './lua-names.ts';

/** Every script below `src`; each must be exported from the module that defines it. */
export async function findScripts(root: string): Promise<{ readonly scripts: readonly Script[]; readonly faults: readonly string[] }> {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).sort();
  const scripts: Script[] = [];
  const faults: string[] = [];
  for (const path of files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))) {
    const count = readFileSync(join(root, 'src', path), 'utf8').match(/\bdefineScript\(/g)?.length ?? 0;
    if (count === 0) continue;
    // A name that is not declared is an error when the module is read.
    const module = await (import(importOf(root, path)) as Promise<Record<string, unknown>>).catch((error: Error) => {
      faults.push(error.message);
      return undefined;
    });
    if (module === undefined) continue;
    const found = Object.values(module).filter((value) => typeof value === 'function' && 'chunks' in value) as unknown as Script[];
    if (found.length !== count) faults.push(`src/${path} defines ${count} script(s) and exports ${found.length}: export each of them`);
    scripts.push(...found);
  }
  const loaded = new Set(scripts.flatMap(({ chunks }) => chunks.map(({ file }) => relative(sourceRoot(root), file))));
  for (const path of files.filter((file) => file.endsWith('.lua'))) {
    if (![...loaded].some((file) => file.endsWith(`src/${path}`))) faults.push(`src/${path} belongs to no script`);
  }
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

/** All faults of all scripts. */
export async function checkScripts(root: string): Promise<string[]> {
  const { scripts, faults } = await findScripts(root);
  return [...new Set([...faults, ...scripts.flatMap(checkScript)])].sort();
}
