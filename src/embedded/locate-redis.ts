import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { askServer } from '../redis/ask-server.ts';
import { answersHere } from '../redis/ping.ts';
import { RedisUnavailableError } from '../redis/unavailable.ts';
import { readServerNote } from './server-note.ts';

export const DEFAULT_PORT = 6379;

export interface LocateRedisOptions {
  /** `redis.url` of the config or REDIS_URL. */
  readonly url?: string | undefined;
  /** The same as of the running `start`. */
  readonly dataDir: string;
  /** Where a Redis of this machine is looked for. */
  readonly localPort?: number;
}

/**
 * The URL of the Redis that a running `start` uses, for the commands typed beside it: the given one, untried; the
 * embedded one of `dataDir`; one of this machine. An embedded one comes first, as it only runs where `start` found none.
 * @throws RedisUnavailableError when there is none
 */
export async function locateRedis({ url, dataDir, localPort = DEFAULT_PORT }: LocateRedisOptions): Promise<string> {
  if (url !== undefined) return url;
  const embedded = await embeddedPort(dataDir);
  if (embedded !== undefined) return `redis://127.0.0.1:${embedded}`;
  if (await answersHere(localPort)) return `redis://127.0.0.1:${localPort}`;
  throw new RedisUnavailableError(
    `REDIS_URL is not set, no sms-dispatch with an embedded one is running here, and nothing answers on 127.0.0.1:${localPort}`,
  );
}

async function embeddedPort(dataDir: string): Promise<number | undefined> {
  const dir = await realpath(join(dataDir, 'redis')).catch(() => undefined);
  const note = dir === undefined ? undefined : await readServerNote(dir);
  if (note === undefined) return undefined;
  const holder = await askServer(note.port);
  // A note may be left from a crash, and its port be a stranger's by now.
  return typeof holder === 'object' && holder.dir === dir ? note.port : undefined;
}
