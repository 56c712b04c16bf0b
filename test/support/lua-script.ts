import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { defineScript, type Reply, type Script, type ScriptDefinition } from '../../src/redis/define-script.ts';
import { type ArgKinds, type LuaPart, luaPart } from '../../src/redis/lua-source.ts';

/** A script of a test, from its text. */
export function scriptOf<const Keys extends readonly string[], const R extends Reply, const Args extends ArgKinds = Record<never, never>>(
  lua: string,
  definition: ScriptDefinition<Keys, Args, R>,
): Script<Keys, Args, R> {
  return withFile(lua, (file) => defineScript(file, definition));
}

export function partOf(lua: string, ...options: [options?: Parameters<typeof luaPart>[1]]): LuaPart {
  return withFile(lua, (file) => luaPart(file, ...options));
}

/** It is read when it is defined, and never again. */
function withFile<T>(lua: string, define: (file: URL) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'sms-lua-'));
  const file = join(folder, 'test.lua');
  writeFileSync(file, lua);
  try {
    return define(pathToFileURL(file));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
