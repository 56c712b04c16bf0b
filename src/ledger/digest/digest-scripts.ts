import { createScript } from '../../redis/script.ts';
import { releaseClaim } from '../lua/claim-lua.ts';

/**
 * The atomic steps of a digest. A phone has one that gathers; closed, its hash becomes the content of that digest and
 * never changes again. Which digest a message is in stands in the message's own ledger entry, so that gathering it twice
 * adds nothing, however long ago and into whichever digest it was the first time. Times are those of the caller, in ms.
 */

/** The newest lines of each severity that are kept; the rest is counted. A digest of so many alerts or fewer has a line for each. */
export const LINES = 200;

/** Lua: adds a line to the gathering digest KEYS[2]. Its field is named by its severity, so that no lesser alert displaces a critical. */
const ADD_LINE = `
local function addLine(severity, line)
  local nth = redis.call('HINCRBY', KEYS[2], severity, 1)
  local seq = redis.call('HINCRBY', KEYS[2], 'seq', 1)
  redis.call('HSET', KEYS[2], 'line:' .. severity .. ':' .. (nth % ${LINES}), seq .. ' ' .. line)
  return redis.call('HINCRBY', KEYS[2], 'count', 1)
end
`;

/**
 * KEYS message entry, gathering digest, storm. ARGV digest id to open with, severity, its rank, now, line JSON, the
 * message as the digest would be sent JSON, part of a storm 1 or 0, ms of silence that end a storm, ttl ms.
 * Answers with the digest, 1 when it has no job yet, 1 when its job should look again.
 */
export const gatherScript = createScript<['gathered', string, 0 | 1, 0 | 1] | ['ended', string] | ['doubtful' | 'missing']>(`
${ADD_LINE}
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
local count = addLine(severity, ARGV[5])
local top = tonumber(redis.call('HGET', KEYS[2], 'top') or '-1')
redis.call('HSET', KEYS[2], 'lastAt', now)
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
    redis.call('HSET', KEYS[1], 'id', ARGV[2], 'count', 0, 'as', redis.call('HGET', KEYS[2], 'as') or '{}')
    redis.call('PEXPIRE', KEYS[1], ARGV[6])
  end
end
redis.call('PEXPIRE', KEYS[2], ARGV[6])
return redis.call('HGETALL', KEYS[2])
`);

/**
 * Writes down what a closed digest says, once, and moves what has no room in it into the digest that gathers now, which is
 * opened if there is none. KEYS content, gathering digest, entries of the messages that move. ARGV text, id of a digest to open, manner
 * of what moves JSON, its rank, time of its first ms, ttl ms, event line of each that moves ({digest} stands for the other
 * digest), then field, severity and line JSON of each. Answers with the text that holds, the other digest or '', and 1 when
 * that one has no job yet.
 */
export const writeScript = createScript<[text: string, next: string, needsJob: 0 | 1]>(`
${ADD_LINE}
local function answer()
  local w = redis.call('HMGET', KEYS[1], 'text', 'left')
  local open = redis.call('HMGET', KEYS[2], 'id', 'job')
  return {w[1], w[2] or '', (w[2] and open[1] == w[2] and not open[2]) and 1 or 0}
end
if redis.call('HEXISTS', KEYS[1], 'text') == 1 then return answer() end
redis.call('HSET', KEYS[1], 'text', ARGV[1])
if #KEYS == 2 then return answer() end

local id = redis.call('HGET', KEYS[2], 'id')
if not id then
  id = ARGV[2]
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[2], 'id', id)
end
local event = string.gsub(ARGV[7], '{digest}', id)
for m = 3, #KEYS do
  local at = 8 + (m - 3) * 3
  local field, severity, line = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  addLine(severity, line)
  redis.call('HDEL', KEYS[1], field)
  redis.call('HINCRBY', KEYS[1], severity, -1)
  redis.call('HINCRBY', KEYS[1], 'count', -1)
  if redis.call('EXISTS', KEYS[m]) == 1 then
    redis.call('HSET', KEYS[m], 'digest', id, 'events', (redis.call('HGET', KEYS[m], 'events') or '') .. event)
  end
end
local g = redis.call('HMGET', KEYS[2], 'firstAt', 'lastAt', 'top', 'as')
if not g[1] or tonumber(g[1]) > tonumber(ARGV[5]) then redis.call('HSET', KEYS[2], 'firstAt', ARGV[5]) end
if not g[2] then redis.call('HSET', KEYS[2], 'lastAt', ARGV[5]) end
if tonumber(g[3] or '-1') < tonumber(ARGV[4]) then redis.call('HSET', KEYS[2], 'top', ARGV[4], 'as', ARGV[3]) end
redis.call('PEXPIRE', KEYS[2], ARGV[6])
redis.call('HSET', KEYS[1], 'left', id)
return answer()
`);

/**
 * Releases the claim that an alert in a digest holds for its phone, because the digest was not sent. KEYS message, claims,
 * acknowledged. ARGV digest id, alert id.
 */
export const unreachedScript = createScript<0>(`
${releaseClaim({ message: 'KEYS[1]', claims: 'KEYS[2]', acknowledged: 'KEYS[3]', alertId: 'ARGV[2]' })}
if redis.call('HGET', KEYS[1], 'digest') == ARGV[1] then release() end
return 0
`);

/** The digest has ended: nothing more goes into it. KEYS gathering digest, its content. ARGV digest id, 1 to keep what it says. */
export const endScript = createScript<0>(`
local open = redis.call('HGET', KEYS[1], 'id') == ARGV[1]
if ARGV[2] == '0' then redis.call('DEL', KEYS[2])
elseif open then redis.call('RENAME', KEYS[1], KEYS[2]) return 0 end
if open then redis.call('DEL', KEYS[1]) end
return 0
`);
