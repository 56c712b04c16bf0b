import type { Redis } from './connect.ts';
import { luaPart } from './lua-source.ts';

const PAGE = 100;

/** Reads at most `most` values of a hash with HSCAN, so that a large hash neither blocks Redis nor fills the memory. */
export async function scanHash(redis: Redis, key: string, most: number): Promise<string[]> {
  const values = new Map<string, string>();
  let cursor = '0';
  do {
    const [next, flat] = await redis.hscan(key, cursor, 'COUNT', PAGE);
    for (let n = 0; n + 1 < flat.length; n += 2) values.set(flat[n] as string, flat[n + 1] as string);
    cursor = next;
  } while (cursor !== '0' && values.size < most);
  return [...values.values()].slice(0, most);
}

/** Lua function `pruneHash(key, cursor, isOld)`: deletes the fields of one HSCAN page for whose value `isOld` is true; returns the next cursor. */
export const pruneHashLua = luaPart(new URL('prune-hash.lua', import.meta.url), { constants: { PAGE } });
