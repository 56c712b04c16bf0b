import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Command → the Debian package that brings it. */
const PACKAGES = {
  promtool: 'prometheus',
  prometheus: 'prometheus',
  amtool: 'prometheus-alertmanager',
  'prometheus-alertmanager': 'prometheus-alertmanager',
} as const;

/** Where a command of the Prometheus family is; `undefined`, said out loud, where this machine has none. */
export function findTool(name: keyof typeof PACKAGES): string | undefined {
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .map((dir) => join(dir, name))
    .find(isExecutable);
  if (path === undefined)
    console.warn(`SKIPPED: ${name} is not on PATH, so what it checks is not checked here (Debian: apt-get install ${PACKAGES[name]})`);
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs in the root of the repository. Exit code and everything that was printed. */
export function run(command: string, args: readonly string[], input = ''): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { input, encoding: 'utf8', cwd: new URL('../../', import.meta.url) });
  return { code: status, output: stdout + stderr };
}
