import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { connectRedis } from '../redis/connect.ts';
import type { RedisBinary } from './run.ts';

export interface WatchedProcess {
  readonly child: ChildProcess;
  /** Resolves when the process has ended, with its result: `exit code 1`, `signal SIGKILL`. */
  readonly gone: Promise<string>;
}

/**
 * Shell script that runs the server. The server must end when our process does, even by SIGKILL, but a Ctrl-C in the terminal must
 * not reach it before the workers have drained. So it leads its own process group, and a watcher beside it reads from a pipe of
 * ours: a line means that it may exit, end of file means that our process has ended. `exec` keeps the process id for the server.
 */
const WATCHED = '{ read -r farewell || kill -TERM $$; } <&3 & exec "$@" 3<&-';

/** @param output file descriptor for its log; default: none */
export function spawnWatched(binary: RedisBinary, args: readonly string[], output: number | 'ignore' = 'ignore'): WatchedProcess {
  const child = spawn('/bin/sh', ['-c', WATCHED, 'sh', binary.command, ...args], {
    detached: true,
    // Without our environment, which contains secrets.
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

export interface RedisProcess {
  /** Resolves when the process has ended, with its result: `exit code 1`, `signal SIGKILL`. */
  readonly gone: Promise<string>;
  /** Sends SIGTERM, on which Redis syncs its append-only file; SIGKILL after a timeout. */
  end(): Promise<void>;
}

/** Maximum time for loading an append-only file of several gigabytes. */
const READY_WITHIN_MS = 120_000;
const END_WITHIN_MS = 10_000;

/** @throws Error with the last lines of the server's log when it does not start */
export async function launchRedis(binary: RedisBinary, dir: string, port: number): Promise<RedisProcess> {
  await writeServerNote(dir, { port });
  const logFile = join(dir, 'redis.log');
  const log = await open(logFile, 'a');
  const { child, gone } = spawnWatched(binary, serverArguments(dir, port), log.fd);
  await log.close();
  await writeServerNote(dir, { port, pid: child.pid });
  const end = async () => {
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), END_WITHIN_MS);
    await gone;
    clearTimeout(force);
  };
  const failure = await firstAnswer(dir, port, gone);
  if (failure === undefined) return { gone, end };
  await end();
  throw new Error(`redis-server did not start (${failure}): ${await lastLines(logFile)}`);
}

function serverArguments(dir: string, port: number): string[] {
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir,
    // A confirmed write survives the end of the process; a crash of the machine loses at most one second.
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

/** Resolves to `undefined` once it serves, else to the reason why it does not. */
async function firstAnswer(dir: string, port: number, gone: Promise<string>): Promise<string | undefined> {
  const redis = connectRedis(`redis://127.0.0.1:${port}`, 'commands');
  const giveUp = new AbortController();
  const tooLate = pause(READY_WITHIN_MS, `no answer within ${READY_WITHIN_MS / 1000} s`, { signal: giveUp.signal });
  try {
    // Another Redis may have taken the port first.
    const answer = redis.config('GET', 'dir').then((reply) => ((reply as string[])[1] === dir ? undefined : gone));
    return await Promise.race([answer, gone, tooLate]);
  } finally {
    giveUp.abort();
    redis.disconnect();
  }
}

async function lastLines(file: string): Promise<string> {
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  return `${lines.slice(-3).join(' / ') || 'no output'} (full log in ${file})`;
}

/** Address of the embedded server of a directory, stored beside its data. */
interface ServerNote {
  readonly port: number;
  /** For error messages only: by the time it is read, the id may belong to another process. */
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
    // Missing, or truncated by a crash before any server was started.
    return undefined;
  }
}
