import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Where a browser is; `undefined`, said out loud, where this machine has none. */
export function findChromium(): string | undefined {
  const dirs = (process.env.PATH ?? '').split(delimiter);
  const found = NAMES.flatMap((name) => dirs.map((dir) => join(dir, name))).find(isExecutable);
  if (found === undefined)
    console.warn('SKIPPED: no chromium on PATH, so the console is not looked at here (Debian: apt-get install chromium)');
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
