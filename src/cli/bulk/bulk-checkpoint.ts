import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';

/** How far a file has come: everything before and including this line was offered. */
export interface Checkpoint {
  /** Of the file and of what was to be made of it: another campaign begins anew. */
  readonly run: string;
  readonly line: number;
  readonly taken: number;
  readonly refused: number;
  /** Of a run that sends once more what was taken before: makes its ids its own. */
  readonly again?: string | undefined;
}

const schema = z.object({ run: z.string(), line: z.int(), taken: z.int(), refused: z.int(), again: z.string().optional() });

const placeOf = (path: string) => `${path}.progress`;

/** `undefined` when this run has not been begun. */
export async function readCheckpoint(path: string, run: string): Promise<Checkpoint | undefined> {
  try {
    const kept = schema.parse(JSON.parse(await readFile(placeOf(path), 'utf8')));
    return kept.run === run ? kept : undefined;
  } catch {
    return undefined;
  }
}

/** Beside the file. Where that cannot be written to, a run that was cut off begins at the top, which texts nobody twice. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const draft = `${placeOf(path)}.tmp`;
  await writeFile(draft, JSON.stringify(checkpoint))
    .then(() => rename(draft, placeOf(path)))
    .catch(() => undefined);
}

export async function dropCheckpoint(path: string): Promise<void> {
  await rm(placeOf(path), { force: true }).catch(() => undefined);
}
