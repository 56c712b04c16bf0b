import { createScript } from '../../redis/script.ts';

/**
 * STOP and START may be worked off in another order than they came in, and a refusal is as old as the request that brought
 * it: the newest word wins, whenever it is told, and of two as new the one that texts nobody. An entry is
 * `last said at, space, card`; the card is the first one's.
 */

/** KEYS opt-outs, opted in. ARGV phone hash, at ms, card JSON. 1 when the phone is opted out now. */
export const optOutScript = createScript<0 | 1>(`
local optedInAt = redis.call('GET', KEYS[2])
if not optedInAt or tonumber(optedInAt) <= tonumber(ARGV[2]) then
  local at, card = ARGV[2], ARGV[3]
  local held = redis.call('HGET', KEYS[1], ARGV[1])
  if held then
    local before, first = string.match(held, '^(%d+) (.*)$')
    card = first
    if tonumber(before) > tonumber(at) then at = before end
  end
  redis.call('HSET', KEYS[1], ARGV[1], at .. ' ' .. card)
end
return redis.call('HEXISTS', KEYS[1], ARGV[1])
`);

/** KEYS opt-outs, opted in. ARGV phone hash, at ms, how long the opt-in outlives older words, ms. 1 when the phone may be texted now. */
export const optInScript = createScript<0 | 1>(`
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held and tonumber(string.match(held, '^%d+')) >= tonumber(ARGV[2]) then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
local before = redis.call('GET', KEYS[2])
if not before or tonumber(before) < tonumber(ARGV[2]) then redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]) end
return 1
`);
