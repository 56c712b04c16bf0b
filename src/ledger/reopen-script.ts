import { createScript } from '../redis/script.ts';
import { tells } from './journal.ts';

/**
 * Sets a failed message on its way again: the same message, with all its history. Each replay bears a number, so that
 * whoever comes second with it changes nothing, however much has happened since.
 * Its dedupe claim, let go when it died, is not taken again: the claim was for repeats of back then, and whoever holds it
 * by now must not be silenced by an old text.
 * KEYS message, in-flight, open set, alert, journal. ARGV message id, number of the replay, expires at ms, ttl ms, event
 * lines, journal line.
 */
export const reopenScript = createScript<'reopened' | 'kept' | 'missing'>(`
${tells('KEYS[5]')}
local m = redis.call('HMGET', KEYS[1], 'state', 'replays', 'events')
if not m[1] or redis.call('EXISTS', KEYS[4]) == 0 then return 'missing' end
if tonumber(m[2] or '0') >= tonumber(ARGV[2]) or m[1] ~= 'failed' then return 'kept' end
redis.call('INCR', KEYS[2])
redis.call('HSET', KEYS[1], 'state', 'queued', 'replays', ARGV[2], 'expiresAt', ARGV[3], 'events', (m[3] or '') .. ARGV[5])
redis.call('HDEL', KEYS[1], 'reason', 'until')
redis.call('SADD', KEYS[3], ARGV[1])
redis.call('HINCRBY', KEYS[4], 'left', 1)
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[3], ARGV[4])
redis.call('PEXPIRE', KEYS[4], ARGV[4])
tell('message', ARGV[6])
return 'reopened'
`);
