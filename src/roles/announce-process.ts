import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from '../logger.ts';
import { createProcesses, type ProcessNote } from '../overview/processes.ts';
import type { Redis } from '../redis/connect.ts';
import { type Keys, PROCESS_TTL_MS } from '../redis/keys.ts';
import { levelFor } from '../redis/unavailable.ts';
import type { Closer } from './ground.ts';

export interface ProcessAnnouncer {
  configInForce(hash: string): void;
  configRefused(at: Date): void;
}

/** Publishes which config this process uses, and repeats it while it runs, so that `status` sees it from elsewhere. */
export function announceProcess(
  { redis, keys, role, hash, logger }: { redis: Redis; keys: Keys; role: string; hash: string; logger: Logger },
  closers: Closer[],
): ProcessAnnouncer {
  const processes = createProcesses(redis, keys, randomUUID());
  let note: ProcessNote = { role, host: hostname(), hash, refusedAt: null };
  const publish = () => {
    processes.publish(note).catch((error: unknown) => logger[levelFor(error, 'warn')]({ err: error }, 'process note not published'));
  };
  publish();
  const repeating = setInterval(publish, PROCESS_TTL_MS / 3);
  repeating.unref();
  closers.push(async () => {
    clearInterval(repeating);
    await processes.forget().catch(() => undefined);
  });
  return {
    configInForce(next) {
      note = { ...note, hash: next, refusedAt: null };
      publish();
    },
    configRefused(at) {
      note = { ...note, refusedAt: at.toISOString() };
      publish();
    },
  };
}
