import { createHash } from 'node:crypto';
import type { Redis } from './connect.ts';

/** Lua source with the hash by which Redis knows it. */
export interface LuaText {
  readonly text: string;
  readonly sha: string;
}

export function luaText(text: string): LuaText {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/** Runs Lua in Redis. Sends only the hash; the source follows if the server does not know it. */
export async function sendLua(
  redis: Redis,
  { text, sha }: LuaText,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await redis.evalsha(sha, keys.length, ...keys, ...args);
  } catch (error) {
    // The script has not run, so it is safe to send it again.
    if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
    return redis.eval(text, keys.length, ...keys, ...args);
  }
}
