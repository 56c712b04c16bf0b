import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';

/** Progress of a bulk file: all rows up to and including this line were submitted. */
export interface Checkpoint {
  /** Hash of the file and of the options; a run with another hash starts from the beginning. */
  readonly run: string;
  readonly line: number;
  readonly taken: number;
  readonly refused: number;
  /** Set by a run with `--again`: makes its ids different from those of earlier runs. */
  readonly again?: string | undefined;
}

const schema = z.object({ run: z.string(), line: z.int(), taken: z.int(), refused: z.int(), again: z.string().optional() });

const placeOf = (path: string) => `${path}.progress`;

/** Returns the checkpoint; `undefined` when this run has none. */
export async function readCheckpoint(path: string, run: string): Promise<Checkpoint | undefined> {
  try {
    const kept = schema.parse(JSON.parse(await readFile(placeOf(path), 'utf8')));
    return kept.run === run ? kept : undefined;
  } catch {
    return undefined;
  }
}

/** Writes the checkpoint beside the file. If that fails, an interrupted run restarts at the top, which sends nothing twice. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const draft = `${placeOf(path)}.tmp`;
  await writeFile(draft, JSON.stringify(checkpoint))
    .then(() => rename(draft, placeOf(path)))
    .catch(() => undefined);
}

export async function dropCheckpoint(path: string): Promise<void> {
  await rm(placeOf(path), { force: true }).catch(() => undefined);
}
