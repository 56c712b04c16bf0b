import { createScript } from '../../redis/script.ts';

/** Adds to the trace of a message that failed or expired, once. KEYS message. ARGV event line. */
export const noteScript = createScript<0 | 1>(`
local m = redis.call('HMGET', KEYS[1], 'state', 'events')
if m[1] ~= 'failed' and m[1] ~= 'expired' then return 0 end
local lines = m[2] or ''
if string.sub(lines, -#ARGV[1]) ~= ARGV[1] then redis.call('HSET', KEYS[1], 'events', lines .. ARGV[1]) end
return 1
`);
