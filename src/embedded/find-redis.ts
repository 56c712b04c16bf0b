import { realpath, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { redactUrl } from '../redis/connect.ts';
import { answersHere, askServer, ping } from '../redis/connection/ping.ts';
import { RedisUnavailableError } from '../redis/unavailable.ts';
import { MIN_VERSION } from '../redis/version.ts';
import { startEmbeddedServer } from './embedded-server.ts';
import { readServerNote } from './redis-process.ts';
import { type Environment, findOnPath, probeBinary, type RedisBinary } from './run.ts';
import { OutdatedPackagesError, openTree, unpackRedis } from './unpack-redis.ts';

const DEFAULT_PORT = 6379;

interface LocateRedisOptions {
  /** `redis.url` of the config or REDIS_URL. */
  readonly url?: string | undefined;
  /** Data directory of the running `start`. */
  readonly dataDir: string;
  /** Port of a Redis on this machine. */
  readonly localPort?: number;
}

/**
 * Returns the URL of the Redis that a running `start` uses, for CLI commands: the configured one, without checking it; the
 * embedded one of `dataDir`; one on this machine. The embedded one comes first, because it runs only where `start` found none.
 * @throws RedisUnavailableError when there is none
 */
export async function locateRedis({ url, dataDir, localPort = DEFAULT_PORT }: LocateRedisOptions): Promise<string> {
  if (url !== undefined) return url;
  const embedded = await embeddedPort(dataDir);
  if (embedded !== undefined) return `redis://127.0.0.1:${embedded}`;
  if (await answersHere(localPort)) return `redis://127.0.0.1:${localPort}`;
  throw new RedisUnavailableError(
    `REDIS_URL is not set, no sms-dispatch with an embedded Redis is running here, and nothing answers on 127.0.0.1:${localPort}`,
  );
}

async function embeddedPort(dataDir: string): Promise<number | undefined> {
  const dir = await realpath(join(dataDir, 'redis')).catch(() => undefined);
  const note = dir === undefined ? undefined : await readServerNote(dir);
  if (note === undefined) return undefined;
  const holder = await askServer(note.port);
  // The note may be left from a crash, and another program may use its port now.
  return typeof holder === 'object' && holder.dir === dir ? note.port : undefined;
}

interface FindRedisOptions {
  /** `redis.url` of the config or REDIS_URL. If set, no other Redis is used. */
  readonly url?: string | undefined;
  /** Data directory of an embedded server, also for its program where one has to be unpacked. */
  readonly dataDir: string;
  /** Environment of the process: its PATH is searched, and package tools run in it. */
  readonly env: Environment;
  /** Receives one line about which Redis is used, and about restarts of an embedded one. */
  readonly say: (line: string) => void;
  /** Port of a Redis on this machine. */
  readonly localPort?: number;
}

export interface FoundRedis {
  readonly url: string;
  readonly source: 'configured' | 'local' | 'embedded';
  /** Human-readable, without a password. */
  readonly describe: string;
  /** Ends an embedded server, after the last client has disconnected; does nothing for other servers. */
  stop(): Promise<void>;
}

/**
 * Finds the Redis for `npm start`: the configured one; else one that answers on this machine; else an embedded one.
 * @throws RedisUnavailableError within 5 s when the configured one does not answer; there is no silent fall-back
 * @throws Error when there is no program to run, or another process has its Redis in `dataDir`
 */
export async function findRedis({ url, dataDir, env, say, localPort = DEFAULT_PORT }: FindRedisOptions): Promise<FoundRedis> {
  const found = await find();
  say(`Redis: ${found.describe}`);
  return found;

  function sayLoading(address: string): () => void {
    return () => say(`Redis at ${redactUrl(address)} is loading its data; waiting`);
  }

  async function find(): Promise<FoundRedis> {
    if (url !== undefined) {
      await ping(url, sayLoading(url));
      return { url, source: 'configured', describe: `${redactUrl(url)}, as configured`, stop: async () => undefined };
    }
    const local = `redis://127.0.0.1:${localPort}`;
    if (await answersHere(localPort)) {
      await ping(local, sayLoading(local));
      return { url: local, source: 'local', describe: `${local}, which runs on this machine`, stop: async () => undefined };
    }
    const binary = await findRedisBinary({ dataDir, env, say });
    const server = await startEmbeddedServer({ binary, dataDir, say });
    return {
      url: server.url,
      source: 'embedded',
      describe: `embedded ${binary.description} at ${server.url}, data in ${server.dir} (for one machine only; set REDIS_URL to use your own)`,
      stop: server.stop,
    };
  }
}

interface FindBinaryOptions {
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
async function installCommand(env: Environment): Promise<string> {
  for (const [tool, command] of INSTALLERS) {
    if ((await findOnPath(tool, env)).length > 0) return command;
  }
  return IN_A_CONTAINER;
}
