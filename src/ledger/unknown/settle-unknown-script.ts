import { createScript } from '../../redis/script.ts';
import { tells } from '../journal/journal.ts';
import { INDEXES } from '../lists/ended.ts';
import { releaseClaim } from '../lua/claim-lua.ts';

/**
 * Settles an unknown message by what a person or the vendor says of it: sent, then it is accepted through the provider of
 * its newest doubtful attempt; or never sent, then it has failed, all its doubtful attempts count as refused, and its
 * dedupe claim goes. Told twice by the same run it answers the same.
 * KEYS message, claims, unknown index, kept message, acknowledged, journal, index of failed ones. ARGV run token, message id, alert id, 1 when it was sent, at ISO,
 * event lines, 1 when it is to be kept for a resend, journal line.
 * Answers \`settled\`, else the state that it is in, or an empty string when there is no such message.
 */
export const settleUnknownScript = createScript<string>(`
${releaseClaim({ message: 'KEYS[1]', claims: 'KEYS[2]', acknowledged: 'KEYS[5]', alertId: 'ARGV[3]' })}
${tells('KEYS[6]')}
${INDEXES}
local key, sent = KEYS[1], ARGV[4] == '1'
local m = redis.call('HMGET', key, 'state', 'settledBy', 'events', 'attempts')
if not m[1] then return '' end
if m[2] == ARGV[1] then return 'settled' end
if m[1] ~= 'unknown' then return m[1] end
for n = tonumber(m[4] or '0'), 1, -1 do
  if redis.call('HGET', key, 'result:' .. n) == 'unknown' then
    local attempt = cjson.decode(redis.call('HGET', key, 'attempt:' .. n))
    attempt.resolution = sent and 'confirmed_sent' or 'confirmed_not_sent'
    redis.call('HSET', key, 'attempt:' .. n, cjson.encode(attempt), 'result:' .. n, sent and 'accepted' or 'refused')
    if sent then
      redis.call('HSET', key, 'provider', attempt.provider)
      break
    end
  end
end
redis.call('HSET', key, 'settledBy', ARGV[1], 'events', (m[3] or '') .. ARGV[6])
if sent then
  redis.call('HDEL', key, 'reason')
  redis.call('HSET', key, 'state', 'accepted', 'acceptedAt', ARGV[5])
else
  redis.call('HSET', key, 'state', 'failed', 'reason', 'unknown_outcome', 'unknowns', 0)
  index(KEYS[7], ARGV[2])
  release()
end
-- One that is sent again has not ended: its replay tells of it.
if sent or ARGV[7] ~= '1' then tell('message', ARGV[8]) end
if ARGV[7] ~= '1' then
  redis.call('ZREM', KEYS[3], ARGV[2])
  redis.call('DEL', KEYS[4])
end
return 'settled'
`);

/** Forgets what was kept of a message that is unknown no longer. KEYS message, unknown index, kept message. ARGV message id. */
export const letGoScript = createScript<0 | 1>(`
if redis.call('HGET', KEYS[1], 'state') == 'unknown' then return 0 end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[3])
return 1
`);
