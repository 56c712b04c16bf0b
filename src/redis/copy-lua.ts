/** Part of the build: puts the Lua files beside the compiled modules that read them. */
import { cpSync, readdirSync } from 'node:fs';

const source = new URL('../../../src/', import.meta.url);
const target = new URL('../', import.meta.url);
for (const path of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
  if (path.endsWith('.lua')) cpSync(new URL(path, source), new URL(path, target));
}
