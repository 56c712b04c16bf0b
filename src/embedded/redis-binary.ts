import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { MIN_VERSION } from '../redis/version.ts';
import { type Environment, findOnPath, probeBinary, type RedisBinary } from './run.ts';
import { OutdatedPackagesError, openTree, unpackRedis } from './unpack-redis.ts';

export interface FindBinaryOptions {
  /** Data directory; an unpacked server is in its subdirectory `redis-server`. */
  readonly dataDir: string;
  /** Environment: its PATH is searched, and package tools use it, including proxy settings. */
  readonly env: Environment;
  readonly say: (line: string) => void;
}

/**
 * Finds a server program: on PATH, else one unpacked earlier, else one unpacked now from the distribution's packages.
 * @throws Error with the command that installs one on this system
 */
export async function findRedisBinary({ dataDir, env, say }: FindBinaryOptions): Promise<RedisBinary> {
  const installed = (await Promise.all(['redis-server', 'valkey-server'].map((name) => findOnPath(name, env)))).flat();
  for (const command of installed) {
    const binary = await probeBinary(command).catch(() => undefined);
    if (binary !== undefined) return binary;
  }
  const into = resolve(dataDir, 'redis-server');
  const unpacked = await openTree(into).catch(() => undefined);
  if (unpacked !== undefined) return unpacked;
  // The unpacked server does not run, for example after an upgrade of the system.
  await rm(into, { recursive: true, force: true });
  try {
    return await unpackRedis({ into, env, say });
  } catch (error) {
    const command = error instanceof OutdatedPackagesError ? IN_A_CONTAINER : await installCommand(env);
    throw new Error(
      `no redis-server or valkey-server ${MIN_VERSION} or newer on PATH, and unpacking one failed: ${(error as Error).message}. ` +
        `Install one: ${command} (or set REDIS_URL to another Redis)`,
      { cause: error },
    );
  }
}

const IN_A_CONTAINER = 'docker run -d -p 127.0.0.1:6379:6379 redis:7 redis-server --appendonly yes';

const INSTALLERS = [
  ['apt-get', 'sudo apt-get install -y redis-server'],
  ['dnf', 'sudo dnf install -y redis'],
  ['apk', 'sudo apk add redis'],
  ['pacman', 'sudo pacman -S --noconfirm valkey'],
  ['zypper', 'sudo zypper install -y redis'],
  ['brew', 'brew install redis'],
] as const;

/** Returns the command that installs a Redis on this system. */
export async function installCommand(env: Environment): Promise<string> {
  for (const [tool, command] of INSTALLERS) {
    if ((await findOnPath(tool, env)).length > 0) return command;
  }
  return IN_A_CONTAINER;
}
