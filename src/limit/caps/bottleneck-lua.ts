import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * bottleneck's own Redis scripts, in the parts in which it ships them.
 * @see https://github.com/SGrondin/bottleneck/tree/v2.19.5/src/redis
 */
const parts: Readonly<Record<string, string>> = require('bottleneck/lib/lua.json');

/** Version in each limiter's settings, as bottleneck stores it, so that later versions recognise the format. */
export const BOTTLENECK_VERSION: string = require('bottleneck/lib/version.json').version;

const ownKeys: (id: string) => readonly string[] = require('bottleneck/lib/Scripts.js').allKeys;

/** Prefix that bottleneck adds to each key and channel. Ours have none: an ACL that allows `redis.prefix` allows them all. */
export const BOTTLENECK_PREFIX = 'b_';

/** Redis keys of the limiter `id`, in the order that the scripts expect; all begin with the id. */
export const limiterKeys = (id: string): readonly string[] => ownKeys(id).map((key) => key.slice(BOTTLENECK_PREFIX.length));

/** A script of bottleneck that publishes to a channel named like the limiter. */
export const withoutPrefix = (lua: string): string => lua.replaceAll(`'${BOTTLENECK_PREFIX}'..id,`, 'id,');

/**
 * Keys of a limiter that the caps need, the first of {@link limiterKeys}. All further ones are bottleneck's books per client, and are not
 * even sent.
 */
export const KEYS_PER_LIMITER = 3;
/** Positions among these keys, from 1: the hash of settings, the jobs' weights, and the sorted set of jobs by expiry. */
export const SETTINGS_KEY = 1;
export const WEIGHTS_KEY = 2;
export const SLOTS_KEY = 3;

function part(name: string): string {
  const text = parts[name];
  if (text === undefined) throw new Error(`bottleneck ${BOTTLENECK_VERSION} has no script ${name}: the caps need 2.19.5`);
  return withoutPrefix(text);
}

/**
 * Lua code that defines `limiter(KEYS, ARGV)`: a bottleneck limiter as an object, so that one script can use several
 * and decide over all of them in one atomic step. `ARGV` is `{ now, client }`; each method takes the argument list of
 * the bottleneck script it is named after, `now` and `client` first.
 *
 * The scripts are combined unchanged, except for channel names; their calls go through the function of
 * `without-books.lua`, which must precede it. Two more calls are saved, since each costs Redis time for every message: a
 * limiter ticks once per step, since within one atomic step a second tick finds nothing new; and `groupTimeout`, with
 * which bottleneck renews the TTL of all keys at each call, stays unset: we call `expire` when it is due.
 */
export const limiterLua = `
local limiter = function (KEYS, ARGV)
  local redis = withoutBooks(redis)
  ${part('refs.lua')}
  ${part('conditions_check.lua')}
  ${part('refresh_expiration.lua')}
  ${part('process_tick.lua')}
  local tick, ticked = process_tick, nil
  process_tick = function (...)
    ticked = ticked or tick(...)
    return ticked
  end
  return {
    tick = function () return process_tick(now, false) end,
    fits = conditions_check,
    expire = function (ttl) refresh_expiration(0, 0, ttl) end,
    init = function (ARGV)
      ${part('init.lua')}
    end,
    update_settings = function (ARGV)
      ${part('update_settings.lua')}
    end,
    register = function (ARGV)
      ${part('register.lua')}
    end,
    free = function (ARGV)
      ${part('free.lua')}
    end,
  }
end
`;
