import { createHash } from 'node:crypto';
import type { Redis } from './connect.ts';

/** Lua source with the hash by which Redis knows it. */
export interface LuaText {
  readonly text: string;
  readonly sha: string;
}

/** One call of a script that has not been sent: several can be sent as one, see `run-scripts.ts`. */
export interface ScriptStep<Result = unknown> {
  readonly lua: LuaText;
  readonly keys: readonly string[];
  readonly args: readonly ScriptArg[];
  /** @throws Error for a reply that the definition does not list */
  read(reply: unknown): Result;
}
/** A number is sent as its decimal digits, nothing as an empty text. */
export type ScriptArg = string | number | Buffer | null | undefined;

/** A step that runs only if the step before it returned this word; without a word it always runs. */
export interface ChainLink<Result = unknown> {
  readonly step: ScriptStep<Result>;
  readonly after?: string;
}

export function luaText(text: string): LuaText {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/** Runs Lua in Redis. Sends only the hash; the source follows if the server does not know it. */
export async function sendLua(redis: Redis, { text, sha }: LuaText, keys: readonly string[], args: readonly ScriptArg[]): Promise<unknown> {
  try {
    return await redis.evalsha(sha, keys.length, ...keys, ...(args as string[]));
  } catch (error) {
    // The script has not run, so it is safe to send it again.
    if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
    return redis.eval(text, keys.length, ...keys, ...(args as string[]));
  }
}
