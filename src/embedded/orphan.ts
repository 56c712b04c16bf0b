import { setTimeout as pause } from 'node:timers/promises';
import { askServer, shutServer } from '../redis/ask-server.ts';
import { noteFile, readServerNote, removeServerNote } from './server-note.ts';

/**
 * Ends the server that a crashed owner may have left running on `dir`: two of them on one append-only file would ruin
 * it. Call it with the directory claimed, so that no living owner is robbed.
 * @throws Error when something holds the port that neither answers nor ends
 */
export async function endOrphan(dir: string, patienceMs = 10_000): Promise<void> {
  const note = await readServerNote(dir);
  if (note === undefined) return;
  const end = performance.now() + patienceMs;
  for (;;) {
    const holder = await askServer(note.port);
    // Ended, or the port has passed on to a Redis of somebody else.
    if (holder === 'gone' || (holder !== 'silent' && holder.dir !== dir)) return removeServerNote(dir);
    if (holder !== 'silent') await shutServer(note.port);
    if (performance.now() > end) {
      throw new Error(
        `a redis-server that an earlier run left on ${dir} (port ${note.port}, process ${note.pid ?? 'unknown'}) does not end: ` +
          `kill -9 ${note.pid ?? 'it'}; if it is something else, delete ${noteFile(dir)}`,
      );
    }
    await pause(50);
  }
}
