import { LEDGER_TTL_MS, MISSED_TTL_MS } from '../../redis/keys.ts';
import { createScript } from '../../redis/script.ts';
import { overSince } from '../acknowledge/over-script.ts';
import { alertMember, PLANNED_WAITS } from '../criticals.ts';
import { tells } from '../journal/journal.ts';
import { BOUND_LEASE } from '../lease.ts';
import { INDEXES } from '../lists/ended.ts';
import { FOLLOW } from '../lists/on-the-way.ts';
import { claims, releaseClaim } from './claim-lua.ts';

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

/** Contents remembered for one alert id; beyond that, one that was counted before may count again. */
const CONTENTS = 16;

/**
 * Lua function `otherContent()`: 0 when an alert that is known came with its own content, as when its job runs again; 1 for
 * a content that its id has not had so far, which then stands in its history; 2 for one that it has had besides its own.
 */
function otherContent(lua: { alert: string; content: string; line: string }): string {
  return `
local function otherContent()
  local known = redis.call('HMGET', ${lua.alert}, 'content', 'contents', 'events')
  if ${lua.content} == '' or not known[1] or known[1] == ${lua.content} then return 0 end
  local others = {}
  for other in string.gmatch(known[2] or '', '%S+') do
    if other == ${lua.content} then return 2 end
    others[#others + 1] = other
  end
  others[#others + 1] = ${lua.content}
  redis.call('HSET', ${lua.alert}, 'contents', table.concat(others, ' ', math.max(1, #others - ${CONTENTS} + 1)))
  local lines = known[3] or ''
  if #lines < 30000 then redis.call('HSET', ${lua.alert}, 'events', lines .. ${lua.line}) end
  return 1
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
 * An alert's outcome, when it becomes no message. KEYS alert, journal, missed criticals, pending alerts, pending job. ARGV run token, ttl ms, journal
 * line, content, event line of other content, alert id of a critical that is missed or an empty string, alert id, number of
 * fields, field, value….
 * Answers 1 to the run that recorded it, 0 to any later one, 2 to a later one of other content. What was malformed may be
 * corrected and sent again.
 */
export const settleAlertScript = createScript<0 | 1 | 2>(`
${otherContent({ alert: 'KEYS[1]', content: 'ARGV[4]', line: 'ARGV[5]' })}
redis.call('ZREM', KEYS[4], ARGV[7])
redis.call('DEL', KEYS[5])
local before = redis.call('HMGET', KEYS[1], 'by', 'outcome')
if before[1] == ARGV[1] then return 1 end
if before[1] and before[2] ~= 'malformed' then return otherContent() == 1 and 2 or 0 end
local at = 8
${FIELDS}
${tells('KEYS[2]')}
${notesCriticals({ missed: 'KEYS[3]' })}
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'by', ARGV[1], unpack(fields()))
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'content', ARGV[4]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
tell('alert', ARGV[3])
if ARGV[6] ~= '' then miss('${alertMember('')}' .. ARGV[6]) end
return 1
`);

/** Stands in the lines that `admitScript` writes of a duplicate for what only the script knows. */
export const DUPLICATE_OF = '@alert@';
export const DUPLICATE_ID = '@message@';

/**
 * Takes a dedupe claim for each phone and channel and writes the alert with all its messages, or does neither. Where an
 * equal or graver alert holds the claim, the message is written as \`suppressed\`, \`duplicate\`; when that holds for all of
 * them, the alert is the duplicate, and nothing is written.
 * KEYS alert, in-flight, open set, claims, resolved, acknowledged, journal, open messages, pending alerts, pending job, one per
 * message.
 * ARGV run token, ttl ms, alert id, severity rank, dedupe ms, received at, journal line, event line and journal line of a
 * message that is a duplicate, content, event line of other content, number of channels, per channel: its claim, event line
 * of its duplicate; number of fields, field, value…, then per message: id, its claim (empty when it has ended), journal
 * line of one that is not queued, number of fields, field, value….
 * Answers with the claims that others hold, each before the alert that holds it; the last item is that of `otherContent`.
 */
export const admitScript = createScript<
  ['admitted', 0 | 1, string, 0 | 1 | 2] | ['settled', 0 | 1 | 2] | ['duplicate' | 'acknowledged', string] | ['resolved']
>(`
${overSince({ resolved: 'KEYS[5]', acknowledged: 'KEYS[6]', receivedAt: 'ARGV[6]' })}
${otherContent({ alert: 'KEYS[1]', content: 'ARGV[10]', line: 'ARGV[11]' })}
${claims({ claims: 'KEYS[4]', alertId: 'ARGV[3]', rank: 'ARGV[4]', receivedAt: 'ARGV[6]', dedupeMs: 'ARGV[5]' })}
local before = redis.call('HMGET', KEYS[1], 'by', 'outcome', 'muted')
if before[1] == ARGV[1] then return {'admitted', 1, before[3] or '', 0} end
if before[2] == 'routed' then return {'admitted', 0, before[3] or '', otherContent()} end
if before[2] and before[2] ~= 'malformed' then return {'settled', otherContent()} end

local ended, by = over()
if ended then return {ended, by} end

local rank, now = tonumber(ARGV[4]), 0
if ARGV[5] ~= '0' then now = claimTime() end
local holders, muted, taken = {}, {}, {}
local function look(field)
  if ARGV[5] == '0' or field == '' then return end
  local id, held = claimHolder(field, now)
  if id and held >= rank then
    holders[field] = id
    muted[#muted + 1] = field .. ' ' .. id
  else
    taken[#taken + 1] = field
  end
end

local channels = tonumber(ARGV[12])
for c = 0, channels - 1 do look(ARGV[13 + 2 * c]) end
local at = 13 + 2 * channels
local first = at
at = at + 1 + 2 * tonumber(ARGV[at])
for m = 11, #KEYS do
  look(ARGV[at + 1])
  at = at + 4 + 2 * tonumber(ARGV[at + 3])
end
if #muted > 0 and #taken == 0 then return {'duplicate', string.match(muted[1], ' (.*)$')} end
if #taken > 0 then takeClaims(taken, now) end

at = first
${FIELDS}
${tells('KEYS[7]')}
${FOLLOW}
if before[1] then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'by', ARGV[1], unpack(fields()))
if ARGV[10] ~= '' then redis.call('HSET', KEYS[1], 'content', ARGV[10]) end
if #muted > 0 then
  local lines = redis.call('HGET', KEYS[1], 'events') or ''
  for c = 0, channels - 1 do
    local of = holders[ARGV[13 + 2 * c]]
    if of then lines = lines .. string.gsub(ARGV[14 + 2 * c], '${DUPLICATE_OF}', of) end
  end
  redis.call('HSET', KEYS[1], 'muted', table.concat(muted, ' '), 'events', lines)
end
tell('alert', ARGV[7])
redis.call('ZREM', KEYS[9], ARGV[3])
redis.call('DEL', KEYS[10])
local left = 0
for m = 11, #KEYS do
  local id, field, line = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local of = holders[field]
  at = at + 3
  redis.call('HSET', KEYS[m], unpack(fields()))
  if of then
    local lines = redis.call('HGET', KEYS[m], 'events') or ''
    redis.call('HSET', KEYS[m], 'state', 'suppressed', 'reason', 'duplicate', 'duplicateOf', of,
      'events', lines .. string.gsub(ARGV[8], '${DUPLICATE_OF}', of))
    redis.call('HDEL', KEYS[m], 'until', 'job')
    line = string.gsub(ARGV[9], '${DUPLICATE_ID}', id)
  elseif field ~= '' then
    left = left + 1
    redis.call('SADD', KEYS[3], id)
    if redis.call('HEXISTS', KEYS[m], 'job') == 1 then follow(KEYS[8], id, ARGV[2]) end
  end
  if line ~= '' then tell('message', line) end
  redis.call('PEXPIRE', KEYS[m], ARGV[2])
end
if left > 0 then
  redis.call('INCRBY', KEYS[2], left)
  redis.call('PEXPIRE', KEYS[3], ARGV[2])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {'admitted', 1, table.concat(muted, ' '), 0}
`);

/**
 * Marks a dedup key resolved and frees its claims, except those of alerts raised later. KEYS resolved, claims, open set.
 * ARGV at, ttl ms. Answers the ids of messages that have no outcome yet.
 */
export const resolveScript = createScript<string[]>(`
local before = redis.call('GET', KEYS[1])
if not before or tonumber(before) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
local claims = redis.call('HGETALL', KEYS[2])
for i = 1, #claims, 2 do
  if tonumber(string.match(claims[i + 1], '^%d+ (%d+)')) <= tonumber(ARGV[1]) then redis.call('HDEL', KEYS[2], claims[i]) end
end
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
${BOUND_LEASE}
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
  local lease = boundLease(KEYS[1], tonumber(m[3]), now)
  if lease > now then return {'busy', lease} end
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
 * KEYS message, in-flight, open set, claims, receipt index, unknown index, kept message, acknowledged, journal, held
 * criticals, missed criticals, index of failed ones, index of the state, open messages, then the receipt indexes of
 * further parts.
 * ARGV run token, message id, alert id, state, attempt token, attempt number, attempt JSON, attempt result, receipt
 * index ttl ms (0: no index), event lines, message to keep while unknown, ttl ms, journal line, then field and value….
 * Answers 1 to the run that ended the message, 2 to one whose late answer settled an unknown one, 3 to the run that ended
 * a replayed message, 4 to one whose late refusal showed that an unknown one never was sent, 5 where there is no entry, else 0.
 */
export const moveScript = createScript<0 | 1 | 2 | 3 | 4 | 5>(`
${ON_ITS_WAY}
${releaseClaim({ message: 'KEYS[1]', claims: 'KEYS[4]', acknowledged: 'KEYS[8]', alertId: 'ARGV[3]' })}
${tells('KEYS[9]')}
${notesCriticals({ held: 'KEYS[10]', missed: 'KEYS[11]' })}
local PLANNED = ${PLANNED}
${INDEXES}
local key, state = KEYS[1], ARGV[4]
local function isCritical()
  return cjson.decode(redis.call('HGET', key, 'card') or '{}').severity == 'critical'
end
local m = redis.call('HMGET', key, 'state', 'token', 'by', 'events', 'replays')
local was, ending = m[1], m[5] and 3 or 1
if not was then return 5 end
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
  redis.call('ZREM', KEYS[6], ARGV[2])
  redis.call('DEL', KEYS[7])
  release()
  if isCritical() then miss(ARGV[2]) end
  index(KEYS[12], ARGV[2])
  tell('message', ARGV[13], 'failed')
  return 4
end
if ended and not late then
  if redis.call('HGET', key, 'refutedBy') == ARGV[1] then return 4 end
  return m[3] == ARGV[1] and ending or 0
end
redis.call('HDEL', key, 'reason', 'until')
redis.call('HSET', key, 'state', state, unpack(ARGV, 14))
if ARGV[9] ~= '0' then redis.call('SET', KEYS[5], ARGV[2], 'PX', ARGV[9]) end
for k = 15, #KEYS do redis.call('SET', KEYS[k], ARGV[2], 'PX', ARGV[9]) end
if late then
  redis.call('ZREM', KEYS[6], ARGV[2])
  redis.call('DEL', KEYS[7])
  tell('message', ARGV[13])
  return 2
end
if news or not onItsWay(state) then tell('message', ARGV[13]) end
if state == 'deferred' and isCritical() then
  if PLANNED[redis.call('HGET', key, 'reason')] then unhold(ARGV[2]) else hold(ARGV[2]) end
end
if onItsWay(state) then return 0 end
redis.call('ZREM', KEYS[14], ARGV[2])
redis.call('HDEL', key, 'job')
unhold(ARGV[2])
if (state == 'failed' or state == 'expired') and isCritical() then miss(ARGV[2]) end
redis.call('HSET', key, 'by', ARGV[1])
redis.call('DECR', KEYS[2])
redis.call('SREM', KEYS[3], ARGV[2])
if state == 'failed' or state == 'expired' or (state == 'suppressed' and isCritical()) then index(KEYS[13], ARGV[2]) end
-- A digest names it: without the claim it would be texted, or put into a digest, again and again.
if state ~= 'accepted' and state ~= 'unknown' and redis.call('HEXISTS', key, 'digest') == 0 then release() end
if state == 'unknown' then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('ZADD', KEYS[6], now, ARGV[2])
  redis.call('ZREMRANGEBYSCORE', KEYS[6], '-inf', now - ARGV[12])
  redis.call('PEXPIRE', KEYS[6], ARGV[12])
  if ARGV[11] ~= '' then redis.call('SET', KEYS[7], ARGV[11], 'PX', ARGV[12]) end
end
return ending
`);
