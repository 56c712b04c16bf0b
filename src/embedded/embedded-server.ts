import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, realpath, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { askServer, shutServer } from '../redis/connection/ping.ts';
import { freePort } from './free-port.ts';
import { launchRedis, noteFile, type RedisProcess, readServerNote, removeServerNote } from './redis-process.ts';
import type { RedisBinary } from './run.ts';

/** Another running process has its Redis in this directory. */
export class DirectoryInUseError extends Error {
  constructor(dir: string, pid: string) {
    super(`${dir} is in use by another sms-dispatch (process ${pid}): stop that process, or start this one in another directory`);
    this.name = 'DirectoryInUseError';
  }
}

/**
 * Locks `dir`, so that this process is the only one on this machine that may run a Redis in it. The lock is a listening socket,
 * which the system releases however the process ends, so that a crash leaves no stale lock.
 * @param dir real path of the directory
 * @returns a function that releases the lock
 * @throws DirectoryInUseError
 */
async function claimDirectory(dir: string): Promise<() => Promise<void>> {
  const id = `sms-dispatch-${createHash('sha256').update(dir).digest('hex').slice(0, 32)}`;
  // Linux has abstract names that vanish with their socket; elsewhere a file remains, which counts only if its process answers.
  const address = process.platform === 'linux' ? `\0${id}` : join(tmpdir(), `${id}.sock`);
  const server = createServer((socket) => socket.end(String(process.pid))).unref();
  try {
    await listen(server, address);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    const holder = await askHolder(address);
    if (holder !== undefined) throw new DirectoryInUseError(dir, holder);
    if (process.platform !== 'linux') await unlink(address);
    await listen(server, address);
  }
  return async () => {
    server.close();
    await once(server, 'close');
  };
}

async function listen(server: Server, address: string): Promise<void> {
  server.listen(address);
  await once(server, 'listening');
}

/** Returns the process id of the holder; `undefined` when no process listens there. */
async function askHolder(address: string): Promise<string | undefined> {
  const socket = connect(address).setEncoding('utf8').setTimeout(1000);
  // A holder that is stopped in a debugger does not answer; it still holds the lock.
  socket.once('timeout', () => socket.destroy());
  let answer = '';
  try {
    for await (const chunk of socket) answer += chunk;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return undefined;
  }
  return answer === '' ? 'unknown; it does not answer' : answer;
}

export interface EmbeddedServer {
  readonly url: string;
  readonly port: number;
  /** Directory of the append-only file. */
  readonly dir: string;
  /** Ends the server after all data is on disk; call it when the last client has disconnected. */
  stop(): Promise<void>;
}

interface EmbeddedServerOptions {
  readonly binary: RedisBinary;
  /** Data goes into its subdirectory `redis`. */
  readonly dataDir: string;
  readonly say: (line: string) => void;
}

/** Delay before a server that ended unexpectedly is restarted. */
const RESTART_AFTER_MS = 1000;
/** Another program may take the free port before the server binds it. */
const PORT_ATTEMPTS = 3;

/**
 * Starts a real Redis as a child process on a free loopback port, persisted under `dataDir`, for one machine. It survives Ctrl-C, so
 * that workers can drain, but not the end of our process. If it ends unexpectedly, it is restarted on the same port.
 * @throws DirectoryInUseError when another running process has its server there
 */
export async function startEmbeddedServer({ binary, dataDir, say }: EmbeddedServerOptions): Promise<EmbeddedServer> {
  // The data contains phone numbers and texts: readable by the owner only.
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

/** Keeps a server running until `stop` is called. */
function supervise(first: RedisProcess, relaunch: () => Promise<RedisProcess>, say: (line: string) => void): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const stopped = once(signal, 'abort');

  const bringBack = async (): Promise<RedisProcess | undefined> => {
    for (;;) {
      await pause(RESTART_AFTER_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return undefined;
      try {
        return await relaunch();
      } catch (error) {
        say(`embedded Redis failed to restart: ${(error as Error).message}`);
      }
    }
  };
  const run = async () => {
    let current: RedisProcess | undefined = first;
    while (current !== undefined) {
      const fate: unknown = await Promise.race([current.gone, stopped]);
      if (signal.aborted) return current.end();
      say(`embedded Redis ended unexpectedly (${fate}); restarting it`);
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

/**
 * Ends the server that a crashed owner may have left running on `dir`: two servers on one append-only file would destroy
 * it. Call it with the directory locked, so that no running owner is affected.
 * @throws Error when the process on the port neither answers nor ends
 */
export async function endOrphan(dir: string, patienceMs = 10_000): Promise<void> {
  const note = await readServerNote(dir);
  if (note === undefined) return;
  const end = performance.now() + patienceMs;
  for (;;) {
    const holder = await askServer(note.port);
    // It ended, or another Redis uses the port now.
    if (holder === 'gone' || (holder !== 'silent' && holder.dir !== dir)) return removeServerNote(dir);
    if (holder !== 'silent') await shutServer(note.port);
    if (performance.now() > end) {
      throw new Error(
        `the redis-server of an earlier run on ${dir} (port ${note.port}, process ${note.pid ?? 'unknown'}) does not end: ` +
          `kill -9 ${note.pid ?? 'it'}; if it is another program, delete ${noteFile(dir)}`,
      );
    }
    await pause(50);
  }
}
