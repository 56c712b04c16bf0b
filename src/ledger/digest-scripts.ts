import { createScript } from '../redis/script.ts';

/**
 * The atomic steps of a digest. A phone has one that gathers; closed, its hash becomes the content of that digest and
 * never changes again. Which digest a message is in stands in the message's own ledger entry, so that gathering it twice
 * adds nothing, however long ago and into whichever digest it was the first time. Times are those of the caller, in ms.
 */

/** The newest lines that are kept; the rest is counted. */
export const LINES = 20;

/**
 * KEYS message entry, gathering digest, storm. ARGV digest id to open with, severity, its rank, now, line JSON, the
 * message as the digest would be sent JSON, part of a storm 1 or 0, ms of silence that end a storm, ttl ms.
 * Answers with the digest, 1 when it has no job yet, 1 when its job should look again.
 */
export const gatherScript = createScript<['gathered', string, 0 | 1, 0 | 1] | ['ended', string] | ['doubtful' | 'missing']>(`
local m = redis.call('HMGET', KEYS[1], 'state', 'digest', 'token', 'unknowns')
local state, id = m[1], m[2]
if not state then return {'missing'} end
local function answer(wake)
  local open = redis.call('HMGET', KEYS[2], 'id', 'job')
  local isOpen = open[1] == id
  return {'gathered', id, (isOpen and not open[2]) and 1 or 0, (isOpen and wake) and 1 or 0}
end
if id then return answer(true) end
if state ~= 'queued' and state ~= 'deferred' and state ~= 'sending' then return {'ended', state} end
if m[3] or tonumber(m[4] or '0') > 0 then return {'doubtful'} end

local severity, rank, now = ARGV[2], tonumber(ARGV[3]), ARGV[4]
id = redis.call('HGET', KEYS[2], 'id')
if not id then
  id = ARGV[1]
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[2], 'id', id)
end
local count = redis.call('HINCRBY', KEYS[2], 'count', 1)
local top = tonumber(redis.call('HGET', KEYS[2], 'top') or '-1')
redis.call('HINCRBY', KEYS[2], severity, 1)
redis.call('HSET', KEYS[2], 'lastAt', now, 'line:' .. (count % ${LINES}), ARGV[5])
if count == 1 then redis.call('HSET', KEYS[2], 'firstAt', now) end
if rank >= top then redis.call('HSET', KEYS[2], 'top', rank, 'as', ARGV[6]) end
redis.call('PEXPIRE', KEYS[2], ARGV[9])
if ARGV[7] == '1' then
  local last = redis.call('HGET', KEYS[3], 'lastAt')
  local isOver = last and tonumber(now) - tonumber(last) >= tonumber(ARGV[8])
  if isOver and not redis.call('HGET', KEYS[3], 'announced') then redis.call('DEL', KEYS[3]) end
  redis.call('HINCRBY', KEYS[3], 'total', 1)
  redis.call('HSETNX', KEYS[3], 'since', now)
  redis.call('HSET', KEYS[3], 'lastAt', now)
  redis.call('PEXPIRE', KEYS[3], ARGV[9])
end
redis.call('HSET', KEYS[1], 'digest', id)
return answer(count == 1 or rank > top)
`);

/** The digest has its job. KEYS gathering digest. ARGV digest id. */
export const markScript = createScript<0 | 1>(`
if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'job', 1)
return 1
`);

/**
 * Ends the gathering: what comes from now on goes into the next digest. In a storm that next one is opened right away,
 * though nothing is in it: it says when the storm is over. KEYS gathering digest, its content, storm. ARGV digest id, id
 * of the next, now, ms of silence that end a storm, how many make a storm, ttl ms, rank as which it found room, the
 * message as which it did JSON. Answers with all fields of the content, none when there is nothing of that digest.
 */
export const closeScript = createScript<string[]>(`
if redis.call('EXISTS', KEYS[2]) == 1 then return redis.call('HGETALL', KEYS[2]) end
if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then return {} end
redis.call('RENAME', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[2], 'closedAt', ARGV[3])
if tonumber(redis.call('HGET', KEYS[2], 'top') or '-1') <= tonumber(ARGV[7]) then redis.call('HSET', KEYS[2], 'as', ARGV[8]) end
local s = redis.call('HMGET', KEYS[3], 'total', 'since', 'lastAt', 'announced')
if s[1] then
  local isOver = tonumber(ARGV[3]) - tonumber(s[3]) >= tonumber(ARGV[4])
  local isStorm = s[4] or tonumber(s[1]) >= tonumber(ARGV[5])
  if isOver then
    if s[4] then redis.call('HSET', KEYS[2], 'storm', 'over', 'total', s[1], 'quietSince', s[3]) end
    redis.call('DEL', KEYS[3])
  elseif isStorm then
    redis.call('HSET', KEYS[2], 'storm', s[4] and 'goes on' or 'begins', 'next', ARGV[2])
    redis.call('HSET', KEYS[3], 'announced', 1)
    redis.call('HSET', KEYS[1], 'id', ARGV[2], 'count', 0, 'as', redis.call('HGET', KEYS[2], 'as'))
    redis.call('PEXPIRE', KEYS[1], ARGV[6])
  end
end
redis.call('PEXPIRE', KEYS[2], ARGV[6])
return redis.call('HGETALL', KEYS[2])
`);

/** The digest has ended: nothing more goes into it. KEYS gathering digest, its content. ARGV digest id, 1 to keep what it says. */
export const endScript = createScript<0>(`
local open = redis.call('HGET', KEYS[1], 'id') == ARGV[1]
if ARGV[2] == '0' then redis.call('DEL', KEYS[2])
elseif open then redis.call('RENAME', KEYS[1], KEYS[2]) return 0 end
if open then redis.call('DEL', KEYS[1]) end
return 0
`);
