import { createScript } from '../../redis/script.ts';
import { earlierNamesLua } from '../cap-names.ts';
import { KEYS_PER_LIMITER, limiterLua, SETTINGS_KEY, SLOTS_KEY, WEIGHTS_KEY } from './bottleneck-lua.ts';

/**
 * The three moves on a rate cap, each one atomic step over all rules of a text. A limiter is a sliding log:
 * bottleneck's `maxConcurrent` is the cap, a text is a "job" of the text's weight whose `expiration` is the window,
 * and no job ever ends but by expiring, so that what is "running" is the weight of all texts of the last window.
 *
 * bottleneck drops a job once its expiry lies before now, and so a slot stamped t counts up to and with t + window. That one
 * millisecond makes up for clocks that cut off fractions: two texts at 0.9 ms and at window + 0.0 ms are too close.
 *
 * KEYS: the keys of each rule's limiter, rule after rule, then the key of `cap-names.ts`.
 * ARGV: now in ms or '' for Redis' own clock, slot, lease ms, limiter id, bottleneck's version, then per rule max,
 * window ms, reserve, weight.
 */
const rulesLua = `
${limiterLua}
${earlierNamesLua}
local now, slot, lease, id, version = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
if not now then
  local time = redis.call('time')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
-- bottleneck keeps books per client; nobody queues behind these limiters, so that one name does for all replicas
local client = 'sms-dispatch'

local rule_at = function (r)
  local at = 2 + r * 4
  local keys = current({ unpack(KEYS, (r - 1) * ${KEYS_PER_LIMITER} + 1, r * ${KEYS_PER_LIMITER}) })
  return {
    keys = keys,
    settings = keys[${SETTINGS_KEY}],
    weights = keys[${WEIGHTS_KEY}],
    slots = keys[${SLOTS_KEY}],
    max = ARGV[at],
    window = tonumber(ARGV[at + 1]),
    reserve = tonumber(ARGV[at + 2]),
    weight = tonumber(ARGV[at + 3]),
  }
end

-- Brings the limiter up to date: what the operator changed holds at once, and texts already sent still count.
local open = function (rule)
  rule.limiter = limiter(rule.keys, { now, client })
  local max = redis.call('hget', rule.settings, 'maxConcurrent')
  if not max then
    rule.new, rule.running, rule.capacity = true, 0, tonumber(rule.max)
    return
  end
  if max ~= rule.max then rule.limiter.update_settings({ now, client, 'maxConcurrent', rule.max }) end
  local state = rule.limiter.tick()
  rule.running, rule.capacity = state.running, state.capacity
end

-- Keys live longer than any slot in them. All eight are renewed together when some may be new or time is running out.
local keep = function (rule)
  local needed = rule.window + lease + 60000
  if rule.running == 0 or redis.call('pttl', rule.settings) < needed then
    rule.limiter.expire(math.ceil(needed + rule.window / 2))
  end
end

local take = function (rule, weight, expiration)
  local l = rule.limiter
  if rule.new then
    -- 1: whatever is left of the other keys would be counted wrongly without the settings
    l.init({ now, client, 1, version, 'id', id, 'maxConcurrent', rule.max, 'minTime', 0, 'clientTimeout', expiration, 'version', version })
  end
  l.register({ now, client, slot, weight, expiration })
  keep(rule)
end
`;

/** `[0, 1]` held already in some rule, `[0, 0]` fresh, `[n, ms]` rule n (from 1) is full and has room in so many ms. */
export const reserveScript = createScript<[full: number, knownOrWaitMs: number]>(`
${rulesLua}
-- When the oldest slots that weigh so much together have all expired; nil when all slots together weigh less.
local expiry_of = function (rule, excess)
  -- the first slot weighs enough for an excess of 1; and as many slots as they weigh together weigh 1 each
  if excess == 1 or rule.running == redis.call('zcard', rule.slots) then
    return redis.call('zrange', rule.slots, excess - 1, excess - 1, 'withscores')[2]
  end
  local from, batch = 0, 500
  while true do
    local found = redis.call('zrange', rule.slots, from, from + batch - 1, 'withscores')
    if #found == 0 then return nil end
    local oldest = {}
    for i = 1, #found, 2 do oldest[#oldest + 1] = found[i] end
    local weights = redis.call('hmget', rule.weights, unpack(oldest))
    for i = 1, #oldest do
      excess = excess - (tonumber(weights[i]) or 0)
      if excess <= 0 then return found[2 * i] end
    end
    from = from + batch
  end
end

local rules, full, wait, known = {}, 0, 0, 0
for r = 1, (#KEYS - 1) / ${KEYS_PER_LIMITER} do
  local rule = rule_at(r)
  rules[r] = rule
  open(rule)
  if not rule.new and redis.call('zscore', rule.slots, slot) then
    rule.held, known = true, 1
  elseif not rule.limiter.fits(rule.capacity, rule.weight + rule.reserve) then
    -- room comes when enough of the oldest have expired; a rule that never has room waits a window
    local last = expiry_of(rule, rule.weight + rule.reserve - rule.capacity)
    local ms = last and last + 1 - now or rule.window
    if ms > wait then full, wait = r, ms end
  end
end
if full > 0 then return { full, wait } end
for _, rule in ipairs(rules) do
  if rule.held then
    redis.call('zadd', rule.slots, now + rule.window + lease, slot)
    keep(rule)
  else
    take(rule, rule.weight, rule.window + lease)
  end
end
return { 0, known }
`);

/** A slot that got lost with its keys is taken again as far as there is room: the text was sent and must count. */
export const settleScript = createScript<0>(`
${rulesLua}
for r = 1, (#KEYS - 1) / ${KEYS_PER_LIMITER} do
  local rule = rule_at(r)
  if redis.call('zscore', rule.slots, slot) then
    redis.call('zadd', rule.slots, now + rule.window, slot)
  else
    open(rule)
    local weight = math.min(rule.weight, rule.capacity)
    if weight > 0 then take(rule, weight, rule.window) end
  end
end
return 0
`);

export const releaseScript = createScript<0>(`
${rulesLua}
for r = 1, (#KEYS - 1) / ${KEYS_PER_LIMITER} do
  local rule = rule_at(r)
  if redis.call('exists', rule.settings) == 1 and redis.call('zscore', rule.slots, slot) then
    limiter(rule.keys, { now, client }).free({ now, client, slot })
  end
end
return 0
`);
