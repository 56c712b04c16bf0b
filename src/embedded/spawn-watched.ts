import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { RedisBinary } from './probe-binary.ts';

export interface WatchedProcess {
  readonly child: ChildProcess;
  /** Resolves when the process is gone, with how: `exit code 1`, `signal SIGKILL`. */
  readonly gone: Promise<string>;
}

/**
 * The server must end when our process does, even by SIGKILL, yet a Ctrl-C in the terminal must not reach it before the
 * workers have drained. So it leads a process group of its own, and a watcher beside it reads from a pipe whose other
 * end is ours: a line means farewell, its breaking means that we are gone. `exec` keeps the process id for the server.
 */
const WATCHED = '{ read -r farewell || kill -TERM $$; } <&3 & exec "$@" 3<&-';

/** @param output where it writes its log, a file descriptor; by default nowhere */
export function spawnWatched(binary: RedisBinary, args: readonly string[], output: number | 'ignore' = 'ignore'): WatchedProcess {
  const child = spawn('/bin/sh', ['-c', WATCHED, 'sh', binary.command, ...args], {
    detached: true,
    // Nothing of our environment, which holds secrets.
    env: binary.libraryPath === undefined ? {} : { LD_LIBRARY_PATH: binary.libraryPath },
    stdio: ['ignore', output, output, 'pipe'],
  });
  const lifeline = child.stdio[3] as Writable;
  lifeline.on('error', () => undefined);
  return { child, gone: exitOf(child).finally(() => lifeline.end('\n')) };
}

async function exitOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = await once(child, 'exit');
    return signal === null ? `exit code ${code}` : `signal ${signal}`;
  } catch (error) {
    return (error as Error).message;
  }
}
