import { createScript } from '../../redis/script.ts';
import { overSince } from '../acknowledge/over-script.ts';
import { tells } from '../journal/journal.ts';
import { FOLLOW } from '../lists/on-the-way.ts';
import { claims } from './claim-lua.ts';

/**
 * Sets a failed or expired message on its way again: the same message, with all its history. Each replay bears a number,
 * so that the second run of the same replay changes nothing, however much has happened since.
 * Its dedupe claim was released when it ended. The replay takes it again where it is free, so that repeats of the alert
 * are duplicates of the replayed text; a claim that another alert holds by now stays that alert's.
 * KEYS message, in-flight, open set, alert, journal, claims, index of failed, index of expired, open messages. ARGV message id, number of the
 * replay, expires at ms, ttl ms, event lines, journal line, dedupe ms, alert id, severity rank, received at, phone hash, content of its job.
 */
export const reopenScript = createScript<'reopened' | 'kept' | 'missing'>(`
${FOLLOW}
${tells('KEYS[5]')}
${claims({ claims: 'KEYS[6]', alertId: 'ARGV[8]', rank: 'ARGV[9]', receivedAt: 'ARGV[10]', dedupeMs: 'ARGV[7]' })}
local m = redis.call('HMGET', KEYS[1], 'state', 'replays', 'events')
if not m[1] or redis.call('EXISTS', KEYS[4]) == 0 then return 'missing' end
if tonumber(m[2] or '0') >= tonumber(ARGV[2]) or (m[1] ~= 'failed' and m[1] ~= 'expired') then return 'kept' end
redis.call('INCR', KEYS[2])
redis.call('HSET', KEYS[1], 'state', 'queued', 'replays', ARGV[2], 'expiresAt', ARGV[3], 'events', (m[3] or '') .. ARGV[5])
redis.call('HDEL', KEYS[1], 'reason', 'until', 'lastReason')
redis.call('SADD', KEYS[3], ARGV[1])
if ARGV[12] ~= '' then
  redis.call('HSET', KEYS[1], 'job', ARGV[12])
  follow(KEYS[9], ARGV[1], ARGV[4])
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[3], ARGV[4])
redis.call('PEXPIRE', KEYS[4], ARGV[4])
if ARGV[7] ~= '0' then
  local now = claimTime()
  if not claimHolder(ARGV[11], now) then takeClaims({ ARGV[11] }, now) end
end
redis.call('ZREM', KEYS[7], ARGV[1])
redis.call('ZREM', KEYS[8], ARGV[1])
tell('message', ARGV[6])
return 'reopened'
`);

/**
 * What speaks against sending an alert's message after all. KEYS resolved, acknowledged, claims. ARGV received at ms, alert
 * id, severity rank, dedupe ms (0: its claim does not matter), phone hash.
 */
export const objectionScript = createScript<['none' | 'resolved' | 'acknowledged'] | ['duplicate', string]>(`
${overSince({ resolved: 'KEYS[1]', acknowledged: 'KEYS[2]', receivedAt: 'ARGV[1]' })}
${claims({ claims: 'KEYS[3]', alertId: 'ARGV[2]', rank: 'ARGV[3]', receivedAt: 'ARGV[1]', dedupeMs: 'ARGV[4]' })}
local ended = over()
if ended then return {ended} end
if ARGV[4] == '0' then return {'none'} end
local id, rank = claimHolder(ARGV[5], claimTime())
if id and rank >= tonumber(ARGV[3]) then return {'duplicate', id} end
return {'none'}
`);

/** Idempotent: an alert with any other outcome keeps it. KEYS alert. */
export const reopenAlertScript = createScript<0 | 1>(`
local a = redis.call('HMGET', KEYS[1], 'outcome', 'reason')
if a[1] ~= 'suppressed' or a[2] ~= 'expired' then return 0 end
redis.call('HDEL', KEYS[1], 'by', 'outcome', 'reason')
return 1
`);
