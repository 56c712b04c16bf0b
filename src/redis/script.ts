import { createHash } from 'node:crypto';
import type { Redis } from './connect.ts';

export type Script<Result> = (redis: Redis, keys: readonly string[], args: readonly (string | number)[]) => Promise<Result>;

/**
 * A Lua script as a function. Only its hash travels; the source follows when the server does not know it: the first
 * time, after a restart, after SCRIPT FLUSH. A client that waits through outages sends a call again when its reply was
 * lost, so a script must answer the second time as it did the first.
 */
export function createScript<Result>(lua: string): Script<Result> {
  const sha = createHash('sha1').update(lua).digest('hex');
  return (redis, keys, args) =>
    redis.evalsha(sha, keys.length, ...keys, ...args).catch((error: Error) => {
      // Nothing of the script has run, so that sending it again is safe.
      if (!error.message.startsWith('NOSCRIPT')) throw error;
      return redis.eval(lua, keys.length, ...keys, ...args);
    }) as Promise<Result>;
}
