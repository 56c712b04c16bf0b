import { once } from 'node:events';
import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { claimDirectory } from './claim-directory.ts';
import { freePort } from './free-port.ts';
import { endOrphan } from './orphan.ts';
import type { RedisBinary } from './probe-binary.ts';
import { launchRedis, type RedisProcess } from './redis-process.ts';
import { removeServerNote } from './server-note.ts';

export interface EmbeddedServer {
  readonly url: string;
  readonly port: number;
  /** Where its append-only file lives. */
  readonly dir: string;
  /** Call it after the last client is done: it ends the server, with everything on disk. */
  stop(): Promise<void>;
}

export interface EmbeddedServerOptions {
  readonly binary: RedisBinary;
  /** The data go into its subdirectory `redis`. */
  readonly dataDir: string;
  readonly say: (line: string) => void;
}

/** Pause before a server that ended unasked is started again. */
const RESTART_AFTER_MS = 1000;
/** Another program may take the free port between our finding it and the server's binding it. */
const PORT_ATTEMPTS = 3;

/**
 * A real Redis as a child on a free loopback port, persisted under `dataDir`, for one machine. It outlives Ctrl-C, which
 * is for the workers first, but not our process. Should it end unasked, it comes back on the same port.
 * @throws DirectoryInUseError when another live process has its server there
 */
export async function startEmbeddedServer({ binary, dataDir, say }: EmbeddedServerOptions): Promise<EmbeddedServer> {
  // Phone numbers and texts are nobody else's to read.
  await mkdir(join(dataDir, 'redis'), { recursive: true, mode: 0o700 });
  const dir = await realpath(join(dataDir, 'redis'));
  const unclaim = await claimDirectory(dir);
  try {
    await endOrphan(dir);
    const { port, first } = await launchOnFreePort(binary, dir);
    const supervision = supervise(first, () => launchRedis(binary, dir, port), say);
    return {
      url: `redis://127.0.0.1:${port}`,
      port,
      dir,
      stop: async () => {
        await supervision.stop();
        await removeServerNote(dir);
        await unclaim();
      },
    };
  } catch (error) {
    await unclaim();
    throw error;
  }
}

async function launchOnFreePort(binary: RedisBinary, dir: string): Promise<{ port: number; first: RedisProcess }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      return { port, first: await launchRedis(binary, dir, port) };
    } catch (error) {
      if (attempt === PORT_ATTEMPTS || !String(error).includes('Address already in use')) throw error;
    }
  }
}

/** Keeps a server running until it is told to stop. */
function supervise(first: RedisProcess, relaunch: () => Promise<RedisProcess>, say: (line: string) => void): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const told = once(signal, 'abort');

  const bringBack = async (): Promise<RedisProcess | undefined> => {
    for (;;) {
      await pause(RESTART_AFTER_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return undefined;
      try {
        return await relaunch();
      } catch (error) {
        say(`the embedded Redis does not come back yet: ${(error as Error).message}`);
      }
    }
  };
  const run = async () => {
    let current: RedisProcess | undefined = first;
    while (current !== undefined) {
      const fate: unknown = await Promise.race([current.gone, told]);
      if (signal.aborted) return current.end();
      say(`the embedded Redis ended by itself (${fate}): starting it again`);
      current = await bringBack();
    }
  };
  const done = run();
  return {
    stop: () => {
      stopping.abort();
      return done;
    },
  };
}
