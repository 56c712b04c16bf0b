import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { isNewEnough, MIN_VERSION } from '../redis/version.ts';

const execFileAsync = promisify(execFile);

interface RunOptions {
  readonly env: Environment;
  readonly cwd?: string;
  readonly timeoutMs: number;
}

/** Runs a command and returns its output. @throws Error with the last lines of the command's stderr */
export async function run(command: string, args: readonly string[], { env, cwd, timeoutMs }: RunOptions): Promise<string> {
  try {
    const { stdout } = await execFileAsync(command, args, { env, cwd, timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    const { stderr, killed, message } = error as Error & { stderr?: string; killed?: boolean };
    if (killed) throw new Error(`${command} took longer than ${timeoutMs / 1000} s`, { cause: error });
    throw new Error(stderr?.trim().split('\n').slice(-3).join(' / ') || message, { cause: error });
  }
}

/** Environment of the process, passed in by a caller that may read it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Returns every executable of this name on PATH, in order. */
export async function findOnPath(name: string, env: Environment): Promise<string[]> {
  const places = (env.PATH ?? '').split(delimiter).filter((dir) => dir !== '');
  const candidates = places.map((dir) => join(dir, name));
  const found = await Promise.all(candidates.map(isExecutable));
  return candidates.filter((_, index) => found[index]);
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

/** A Redis or Valkey server program that runs on this machine and is new enough. */
export interface RedisBinary {
  /** Absolute path. */
  readonly command: string;
  /** Required LD_LIBRARY_PATH, when its libraries are not those of the system. */
  readonly libraryPath?: string;
  /** `Redis 7.0.15` */
  readonly description: string;
}

/** @throws Error with the reason why the program cannot be used */
export async function probeBinary(command: string, libraryPath?: string): Promise<RedisBinary> {
  const env = libraryPath === undefined ? {} : { LD_LIBRARY_PATH: libraryPath };
  const output = await run(command, ['--version'], { env, timeoutMs: 10_000 });
  const [, kind, version] = /^(Redis|Valkey) server v=(\S+)/.exec(output) ?? [];
  if (kind === undefined || version === undefined) throw new Error(`${command} is not a Redis server`);
  const description = `${kind} ${version}`;
  if (!isNewEnough(version)) throw new Error(`${command} is ${description}; ${MIN_VERSION} or newer is required`);
  return { command, description, ...(libraryPath === undefined ? {} : { libraryPath }) };
}
