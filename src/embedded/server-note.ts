import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the embedded server of a directory listens, written beside its data. */
export interface ServerNote {
  readonly port: number;
  /** For the reader of an error message; nothing is ever done to a process by an id that may have passed on. */
  readonly pid?: number | undefined;
}

export const noteFile = (dir: string) => join(dir, 'server.json');

export async function writeServerNote(dir: string, note: ServerNote): Promise<void> {
  await writeFile(noteFile(dir), `${JSON.stringify(note)}\n`);
}

export async function removeServerNote(dir: string): Promise<void> {
  await rm(noteFile(dir), { force: true });
}

export async function readServerNote(dir: string): Promise<ServerNote | undefined> {
  try {
    const { port, pid } = JSON.parse(await readFile(noteFile(dir), 'utf8')) as ServerNote;
    return Number.isInteger(port) ? { port, pid } : undefined;
  } catch {
    // None, or cut short by a crash, in which case no server was started yet.
    return undefined;
  }
}
