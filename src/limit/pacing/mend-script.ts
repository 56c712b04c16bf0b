import { withoutPrefix } from '../caps/bottleneck-lua.ts';

/**
 * bottleneck 2.19.5 sends its scripts as they were in 2019. Four things in them do not hold for us:
 * - Redis 7 puts `ERR ` before the text of `redis.error_reply`, and bottleneck no longer knows its own errors, by which
 *   it notices lost keys (https://github.com/SGrondin/bottleneck/issues/205). A table with `err` goes out as it is.
 * - Now is what the calling process thinks, so that replicas whose clocks differ hold each other up. Redis' clock is one
 *   for all; bottleneck only ever hears back durations.
 * - A `minTime` with a fraction, as most rates need it, makes a TTL with a fraction, which Redis refuses.
 * - Its channels begin with `b_`, outside our prefix, where a user of Redis with narrow permissions may not publish.
 */
export function mendScript(lua: string): string {
  return withoutPrefix(lua)
    .replace(/redis\.error_reply\(((?:[^()]|\([^()]*\))*)\)/g, '{ err = $1 }')
    .replace(
      'local now = tonumber(ARGV[1])',
      "local redis_time = redis.call('time')\nlocal now = redis_time[1] * 1000 + math.floor(redis_time[2] / 1000)",
    )
    .replace('local ttl = (nextRequest + groupTimeout) - now', 'local ttl = math.ceil((nextRequest + groupTimeout) - now)');
}
