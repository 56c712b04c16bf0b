import type { Redis } from '../redis/connect.ts';
import type { Keys } from '../redis/keys.ts';
import { createScript } from '../redis/script.ts';
import { BOTTLENECK_PREFIX } from './caps/bottleneck-lua.ts';

/**
 * Under which names the caps are counted. Releases before 0.1.0 counted under names that begin with `b_`, and a cap must
 * hold while they run beside this one.
 * - `earlier`: such a process runs. All count under the earlier names.
 * - `moving`: none does any more. A limiter that has only earlier names is renamed when it is next used.
 * - `current`: there is nothing under earlier names.
 */
export type CapNames = 'earlier' | 'moving' | 'current';

/** An earlier limiter lives for one and a half of its windows, of which the longest is 31 days. */
const MOVED_AFTER_MS = 50 * 86_400_000;

/**
 * Lua text that defines `current(keys)`, the names under which a limiter is to be counted, after renaming it where that
 * is due; and `found(keys)`, the names under which it is now. The last of KEYS is the key of {@link settleCapNames}.
 * A user of Redis who may not touch earlier names has nothing under them: before, nothing could be counted for that user.
 */
export const earlierNamesLua = `
local names = redis.call('get', KEYS[#KEYS])
local earlier = function (keys)
  local result = {}
  for i, key in ipairs(keys) do result[i] = '${BOTTLENECK_PREFIX}' .. key end
  return result
end
local is_left = function (keys)
  return names and names ~= 'current' and redis.call('exists', keys[1]) == 0 and redis.pcall('exists', '${BOTTLENECK_PREFIX}' .. keys[1]) == 1
end
local current = function (keys)
  if names == 'earlier' then return earlier(keys) end
  if is_left(keys) then
    for i, key in ipairs(earlier(keys)) do
      if redis.call('exists', key) == 1 then redis.call('rename', key, keys[i]) end
    end
  end
  return keys
end
local found = function (keys)
  if names == 'earlier' or is_left(keys) then return earlier(keys) end
  return keys
end
`;

/** KEYS cap names, journal. ARGV whether an earlier release runs, ms after which nothing is left. An empty Redis has no journal. */
const settleScript = createScript<CapNames>(`
local time = redis.call('TIME')
local now = time[1] * 1000
local names = redis.call('GET', KEYS[1])
if names == 'current' then return names end
local since = names and tonumber(string.match(names, '^moving (%d+)$'))
if since then
  if now < since + ARGV[2] then return 'moving' end
  names = 'current'
elseif not names and redis.call('EXISTS', KEYS[2]) == 0 then
  names = 'current'
elseif ARGV[1] == '1' then
  names = 'earlier'
else
  names = string.format('moving %.0f', now)
end
redis.call('SET', KEYS[1], names)
return string.match(names, '^%a+')
`);

/**
 * Decides under which names all processes count from now on. To be called before the first message is sent, and again
 * until the answer is no longer `earlier`. It never goes back, so that a process of an earlier release that starts later
 * counts by itself.
 * @param earlierRuns a process of an earlier release runs
 */
export function settleCapNames(redis: Redis, keys: Keys, earlierRuns: boolean): Promise<CapNames> {
  return settleScript(redis, [keys.capNames(), keys.journal()], [earlierRuns ? 1 : 0, MOVED_AFTER_MS]);
}
