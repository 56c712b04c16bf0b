import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** From now on the temporary folders of this process and its children lie in one of their own, which the call that comes back removes. */
export function useTempRoot(name: string): () => void {
  const root = mkdtempSync(join(tmpdir(), `${name}-`));
  process.env.TMPDIR = root;
  return () => rmSync(root, { recursive: true, force: true });
}
