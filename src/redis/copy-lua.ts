/** Build step: copies the Lua files next to the compiled modules that read them. */
import { cpSync, readdirSync } from 'node:fs';

const source = new URL('../../../src/', import.meta.url);
const target = new URL('../', import.meta.url);
for (const path of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
  if (path.endsWith('.lua')) cpSync(new URL(path, source), new URL(path, target));
}
