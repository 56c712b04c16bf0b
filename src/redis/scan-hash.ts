import type { Redis } from './connect.ts';

const PAGE = 100;

/** The values of a hash, read in pages, at most `most` of them: what stands in a hash may be more than a process should hold. */
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

/**
 * Lua: removes what `isOld(value)` says is old from one page of the hash KEYS[1], from the cursor `from` on; the next cursor is in
 * `next`. A process that writes to a hash repeatedly keeps it short in this way.
 */
export function pruneHash(from: string): string {
  return `
local page = redis.call('HSCAN', KEYS[1], ${from}, 'COUNT', ${PAGE})
for n = 1, #page[2], 2 do
  if isOld(page[2][n + 1]) then redis.call('HDEL', KEYS[1], page[2][n]) end
end
local next = page[1]
`;
}
