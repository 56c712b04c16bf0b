import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** The environment of the process, handed in by whoever may read it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Every executable of this name on PATH, in its order. */
export async function findOnPath(name: string, env: Environment): Promise<string[]> {
  const places = (env.PATH ?? '').split(delimiter).filter((dir) => dir !== '');
  const candidates = places.map((dir) => join(dir, name));
  const found = await Promise.all(candidates.map(isExecutable));
  return candidates.filter((_, index) => found[index]);
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
