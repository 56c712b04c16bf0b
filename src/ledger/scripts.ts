import { LEDGER_TTL_MS, MISSED_TTL_MS } from '../redis/keys.ts';
import { createScript } from '../redis/script.ts';
import { alertMember, PLANNED_WAITS } from './criticals.ts';
import { INDEXES } from './ended.ts';
import { tells } from './journal.ts';
import { overSince } from './over-script.ts';

/**
 * The ledger's atomic steps. Leases run on Redis' own clock, so that replicas with wrong clocks agree on them.
 * A step that a reconnecting client sends twice answers the second time as it did the first: each carries the token of
 * the run that sent it.
 */

/** Reads `count, field, value…` from ARGV at `at`. */
const FIELDS = `
local function fields()
  local count = tonumber(ARGV[at])
  local list = {}
  for i = 1, count * 2 do list[i] = ARGV[at + i] end
  at = at + count * 2 + 1
  return list
end
`;

const ON_ITS_WAY = `
local function onItsWay(state) return state == 'queued' or state == 'deferred' or state == 'sending' end
`;

/**
 * Lets an alert's dedupe claim go when all its messages have ended and none of them has reached, or may have reached,
 * anybody. Once somebody has taken care, the claim stays all the same.
 */
export function releaseClaim(lua: { alert: string; claim: string; acknowledged: string; alertId: string }): string {
  return `
local function release()
  local a = redis.call('HMGET', ${lua.alert}, 'left', 'reached')
  if tonumber(a[1] or '0') > 0 or tonumber(a[2] or '0') > 0 then return end
  local receivedAt, id = string.match(redis.call('GET', ${lua.claim}) or '', '^%d+ (%d+) (.*)$')
  if id ~= ${lua.alertId} then return end
  local acknowledgedAt = string.match(redis.call('GET', ${lua.acknowledged}) or '', '^%d+')
  if acknowledgedAt and tonumber(acknowledgedAt) > tonumber(receivedAt) then return end
  redis.call('DEL', ${lua.claim})
end
`;
}

/**
 * Lua: keeps the two lists that criticals.ts reads. `hold(id)`: the message waits from now on, unless it waited before;
 * `unhold(id)`: it does not; `miss(member)`: it failed or expired now. Times are by Redis' clock.
 */
export function notesCriticals({ held, missed }: { held?: string; missed: string }): string {
  const hold = `
local function hold(id)
  redis.call('ZADD', ${held}, 'NX', nowMs(), id)
  redis.call('PEXPIRE', ${held}, ${LEDGER_TTL_MS})
end
local function unhold(id) redis.call('ZREM', ${held}, id) end`;
  return `
local function nowMs()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
${held === undefined ? '' : hold}
local function miss(member)
  local now = nowMs()
  redis.call('ZADD', ${missed}, now, member)
  redis.call('ZREMRANGEBYSCORE', ${missed}, '-inf', now - ${MISSED_TTL_MS})
  redis.call('PEXPIRE', ${missed}, ${MISSED_TTL_MS})
end
`;
}

/** Lua table of the reasons for which a message waits as planned. */
const PLANNED = `{ ${PLANNED_WAITS.map((reason) => `${reason} = true`).join(', ')} }`;

/**
 * An alert's outcome, when it becomes no message. KEYS alert, journal, missed criticals. ARGV run token, ttl ms, journal
 * line, alert id of a critical that expired or an empty string, number of fields, field, value….
 * Answers 1 to the run that recorded it, 0 to any later one. What was malformed may be mended and sent again.
 */
export const settleAlertScript = createScript<0 | 1>(`
local before = redis.call('HMGET', KEYS[1], 'by', 'outcome')
if before[1] == ARGV[1] then return 1 end
if before[1] and before[2] ~= 'malformed' then return 0 end
local at = 5
${FIELDS}
${tells('KEYS[2]')}
${notesCriticals({ missed: 'KEYS[3]' })}
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'by', ARGV[1], unpack(fields()))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
tell('alert', ARGV[3])
if ARGV[4] ~= '' then miss('${alertMember('')}' .. ARGV[4]) end
return 1
`);

/**
 * Takes the dedupe claim and writes the alert with all its messages, or does neither. A claim is
 * \`severity rank, received at, alert id\`.
 * KEYS alert, in-flight, open set, claim, resolved, acknowledged, journal, one per message.
 * ARGV run token, ttl ms, alert id, severity rank, dedupe ms, received at, journal line, number of fields, field, value…, then per
 * message: id, 1 when on its way, journal line of one that is not queued, number of fields, field, value….
 */
export const admitScript = createScript<['admitted', 0 | 1] | ['duplicate' | 'acknowledged', string] | ['resolved' | 'settled']>(`
${overSince({ resolved: 'KEYS[5]', acknowledged: 'KEYS[6]', receivedAt: 'ARGV[6]' })}
local before = redis.call('HMGET', KEYS[1], 'by', 'outcome')
if before[1] == ARGV[1] then return {'admitted', 1} end
if before[2] == 'routed' then return {'admitted', 0} end
if before[2] and before[2] ~= 'malformed' then return {'settled'} end

local ended, by = over()
if ended then return {ended, by} end
if ARGV[5] ~= '0' then
  local held = redis.call('GET', KEYS[4])
  if held then
    local rank, _, id = string.match(held, '^(%d+) (%d+) (.*)$')
    if id ~= ARGV[3] and tonumber(rank) >= tonumber(ARGV[4]) then return {'duplicate', id} end
  end
  redis.call('SET', KEYS[4], ARGV[4] .. ' ' .. ARGV[6] .. ' ' .. ARGV[3], 'PX', ARGV[5])
end

local at = 8
${FIELDS}
${tells('KEYS[7]')}
if before[1] then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'by', ARGV[1], unpack(fields()))
tell('alert', ARGV[7])
local left = 0
for m = 8, #KEYS do
  local id, onItsWay, line = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  at = at + 3
  if line ~= '' then tell('message', line) end
  redis.call('HSET', KEYS[m], unpack(fields()))
  redis.call('PEXPIRE', KEYS[m], ARGV[2])
  if onItsWay == '1' then
    left = left + 1
    redis.call('SADD', KEYS[3], id)
  end
end
if left > 0 then
  redis.call('INCRBY', KEYS[2], left)
  redis.call('HSET', KEYS[1], 'left', left)
  redis.call('PEXPIRE', KEYS[3], ARGV[2])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {'admitted', 1}
`);

/**
 * Marks a dedup key resolved and frees its claim, unless something raised later holds it. KEYS resolved, claim, open
 * set. ARGV at, ttl ms. Answers the ids of messages that have no outcome yet.
 */
export const resolveScript = createScript<string[]>(`
local before = redis.call('GET', KEYS[1])
if not before or tonumber(before) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
local held = redis.call('GET', KEYS[2])
if held and tonumber(string.match(held, '^%d+ (%d+)')) <= tonumber(ARGV[1]) then redis.call('DEL', KEYS[2]) end
return redis.call('SMEMBERS', KEYS[3])
`);

/**
 * The compare-and-set before every send; told twice, it begins the lease anew. KEYS message, resolved, opt-outs, acknowledged.
 * ARGV attempt token, attempt JSON, lease ms, unknown outcomes allowed before it, alert received at, every hash of the phone.
 */
export const openAttemptScript = createScript<
  ['opened', number] | ['ended', string] | ['busy', number] | ['orphan' | 'resolved' | 'acknowledged' | 'opted_out' | 'spent' | 'missing']
>(`
${overSince({ resolved: 'KEYS[2]', acknowledged: 'KEYS[4]', receivedAt: 'ARGV[5]' })}
local m = redis.call('HMGET', KEYS[1], 'state', 'token', 'lease', 'unknowns', 'attempts', 'digest')
local state, unknowns, attempts = m[1], tonumber(m[4] or '0'), tonumber(m[5] or '0')
if not state then return {'missing'} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if m[2] == ARGV[1] then
  redis.call('HSET', KEYS[1], 'lease', now + ARGV[3])
  return {'opened', attempts}
end
if state ~= 'queued' and state ~= 'deferred' and state ~= 'sending' then return {'ended', state} end
if m[2] then
  if tonumber(m[3]) > now then return {'busy', tonumber(m[3])} end
  return {'orphan'}
end
-- a digest tells of it, and the run that put it there is gone: the next one writes that down
if m[6] then return {'orphan'} end
if unknowns > tonumber(ARGV[4]) then return {'spent'} end
local ended = over()
if ended then return {ended} end
for i = 6, #ARGV do
  if redis.call('HEXISTS', KEYS[3], ARGV[i]) == 1 then return {'opted_out'} end
end
attempts = attempts + 1
redis.call('HSET', KEYS[1], 'state', 'sending', 'token', ARGV[1], 'lease', now + ARGV[3], 'attempts', attempts, 'attempt:' .. attempts, ARGV[2])
redis.call('HDEL', KEYS[1], 'reason', 'until')
return {'opened', attempts}
`);

/**
 * Closes an attempt, moves the state, or both. What is known of an attempt is not forgotten for what is not; while
 * another run has an attempt open, only an acceptance ends the message: the rest is that run's to say.
 * KEYS message, in-flight, open set, alert, claim, receipt index, unknown index, kept message, acknowledged, journal,
 * held criticals, missed criticals, index of failed ones, index of the state. ARGV run token, message id, alert id, state, attempt
 * token, attempt number, attempt JSON, attempt result, receipt
 * index ttl ms (0: no index), event lines, message to keep while unknown, ttl ms, journal line, then field and value….
 * Answers 1 to the run that ended the message, 2 to one whose late answer settled an unknown one, 3 to the run that ended
 * a replayed message, 4 to one whose late refusal showed that an unknown one never was sent, else 0.
 */
export const moveScript = createScript<0 | 1 | 2 | 3 | 4>(`
${ON_ITS_WAY}
${releaseClaim({ alert: 'KEYS[4]', claim: 'KEYS[5]', acknowledged: 'KEYS[9]', alertId: 'ARGV[3]' })}
${tells('KEYS[10]')}
${notesCriticals({ held: 'KEYS[11]', missed: 'KEYS[12]' })}
local PLANNED = ${PLANNED}
${INDEXES}
local key, state = KEYS[1], ARGV[4]
local function isCritical()
  return cjson.decode(redis.call('HGET', key, 'card') or '{}').severity == 'critical'
end
local m = redis.call('HMGET', key, 'state', 'token', 'by', 'events', 'replays')
local was, ending = m[1], m[5] and 3 or 1
if not was then return 0 end
local news = state == 'deferred' and was ~= 'deferred'
if ARGV[5] ~= '' then
  local open = m[2] == ARGV[5]
  local before = redis.call('HGET', key, 'result:' .. ARGV[6])
  if ARGV[8] ~= 'unknown' or not before then
    redis.call('HSET', key, 'attempt:' .. ARGV[6], ARGV[7], 'result:' .. ARGV[6], ARGV[8])
  end
  if open then redis.call('HDEL', key, 'token', 'lease') end
  news = news or (ARGV[8] ~= 'accepted' and not before)
  if ARGV[8] == 'unknown' and not before then redis.call('HINCRBY', key, 'unknowns', 1) end
  if ARGV[8] == 'refused' and before == 'unknown' then redis.call('HINCRBY', key, 'unknowns', -1) end
end
local lines = m[4] or ''
if ARGV[10] ~= '' and (#lines < 30000 or state ~= 'deferred') then
  redis.call('HSET', key, 'events', lines .. ARGV[10])
end
local ended = not onItsWay(was)
local others = not ended and m[2] and m[2] ~= ARGV[5]
if others and state ~= 'accepted' and not onItsWay(state) then return 0 end
local late = was == 'unknown' and state == 'accepted'
if was == 'unknown' and ARGV[8] == 'refused' and redis.call('HGET', key, 'unknowns') == '0' then
  redis.call('HSET', key, 'state', 'failed', 'by', ARGV[1], 'refutedBy', ARGV[1], 'reason', cjson.decode(ARGV[7]).reason)
  redis.call('ZREM', KEYS[7], ARGV[2])
  redis.call('DEL', KEYS[8])
  redis.call('HINCRBY', KEYS[4], 'reached', -1)
  release()
  if isCritical() then miss(ARGV[2]) end
  index(KEYS[13], ARGV[2])
  tell('message', ARGV[13], 'failed')
  return 4
end
if ended and not late then
  if redis.call('HGET', key, 'refutedBy') == ARGV[1] then return 4 end
  return m[3] == ARGV[1] and ending or 0
end
redis.call('HDEL', key, 'reason', 'until')
redis.call('HSET', key, 'state', state, unpack(ARGV, 14))
if ARGV[9] ~= '0' then redis.call('SET', KEYS[6], ARGV[2], 'PX', ARGV[9]) end
if late then
  redis.call('ZREM', KEYS[7], ARGV[2])
  redis.call('DEL', KEYS[8])
  tell('message', ARGV[13])
  return 2
end
if news or not onItsWay(state) then tell('message', ARGV[13]) end
if state == 'deferred' and isCritical() then
  if PLANNED[redis.call('HGET', key, 'reason')] then unhold(ARGV[2]) else hold(ARGV[2]) end
end
if onItsWay(state) then return 0 end
unhold(ARGV[2])
if (state == 'failed' or state == 'expired') and isCritical() then miss(ARGV[2]) end
redis.call('HSET', key, 'by', ARGV[1])
redis.call('DECR', KEYS[2])
redis.call('SREM', KEYS[3], ARGV[2])
redis.call('HINCRBY', KEYS[4], 'left', -1)
-- Whoever is told of it in a digest counts as reached: it would else be texted, or told of, again and again.
if state == 'accepted' or state == 'unknown' or redis.call('HEXISTS', key, 'digest') == 1 then redis.call('HINCRBY', KEYS[4], 'reached', 1) end
if state == 'failed' or state == 'expired' or (state == 'suppressed' and isCritical()) then index(KEYS[14], ARGV[2]) end
if state == 'unknown' then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('ZADD', KEYS[7], now, ARGV[2])
  redis.call('ZREMRANGEBYSCORE', KEYS[7], '-inf', now - ARGV[12])
  redis.call('PEXPIRE', KEYS[7], ARGV[12])
  if ARGV[11] ~= '' then redis.call('SET', KEYS[8], ARGV[11], 'PX', ARGV[12]) end
end
release()
return ending
`);
