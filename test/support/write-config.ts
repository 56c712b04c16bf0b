import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Writes a config to a file of its own, which goes when the run ends, and gives its path. */
export async function writeConfig(yaml: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'sms-config-')), 'config.yaml');
  await writeFile(file, yaml);
  return file;
}
