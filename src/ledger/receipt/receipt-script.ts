import { createScript } from '../../redis/script.ts';
import { tells } from '../journal/journal.ts';
import { INDEXES } from '../lists/ended.ts';
import { type KeptReceipt, RECEIPT_TABLE } from './receipt-table.ts';

/**
 * A receipt, by the table. One that ends nothing is noted in the trace when it says something new. A message that was in
 * doubt may have two attempts at providers: only the word of the one that was accepted can end it badly. A provider that
 * never was asked to send it has no word, and one that refused it cannot end it badly. Of a text whose parts are reported each
 * by itself, the words are kept by part: one that failed fails the text, and it is delivered when all of them are.
 * KEYS message, receipt index, unknown index, kept message, journal, index of undelivered ones. ARGV run token, message id, word, at ISO, provider, its message id, reason, receipt index
 * ttl ms, event line of a move, event line of a late one, journal line without the alert, event line of a part.
 */
export const receiptScript = createScript<['moved', string, string, string] | [KeptReceipt, string] | ['missing']>(`
${tells('KEYS[5]')}
${INDEXES}
local TABLE = ${luaTable(RECEIPT_TABLE)}
local key, word = KEYS[1], ARGV[3]
local m = redis.call('HMGET', key, 'state', 'acceptedAt', 'events', 'receiptBy', 'receiptFrom', 'receiptNoted', 'unknowns', 'providerMessageId', 'attempts', 'parts')
local state, lines = m[1], m[3] or ''
if not state then return {'missing'} end
if m[4] == ARGV[1] then return {'moved', m[5], state, m[2] or ''} end
local asked, refused = not m[9], false
for n = 1, tonumber(m[9] or '0') do
  local attempt = cjson.decode(redis.call('HGET', key, 'attempt:' .. n) or '{}')
  if attempt.provider == ARGV[5] then
    asked, refused = true, attempt.result == 'refused' or attempt.resolution == 'confirmed_not_sent'
    if not refused then break end
  end
end
if not asked then return {'missing'} end
local line, isPart = ARGV[9], false
if m[10] and ARGV[6] ~= '' and TABLE[state].delivered ~= 'early' then
  local failed, all, known = false, true, {}
  for n, id in ipairs(cjson.decode(m[10])) do
    known[n] = 'part:' .. id
    isPart = isPart or id == ARGV[6]
  end
  if isPart then
    local before = redis.call('HGET', key, 'part:' .. ARGV[6])
    if before ~= 'delivered' and not (before and word == 'pending') then redis.call('HSET', key, 'part:' .. ARGV[6], word) end
    for _, said in ipairs(redis.call('HMGET', key, unpack(known))) do
      failed, all = failed or said == 'undelivered', all and said == 'delivered'
    end
    word = failed and 'undelivered' or all and 'delivered' or 'pending'
    if word ~= ARGV[3] then line = ARGV[12] end
  end
end
local step = TABLE[state][word]
local another = not isPart and tonumber(m[7] or '0') > 0 and m[8] and ARGV[6] ~= '' and m[8] ~= ARGV[6]
if (another or refused) and word ~= 'delivered' then step = 'late' end
if step == 'pending' or step == 'late' then
  local noted = step .. ' ' .. word .. (isPart and ' ' .. ARGV[6] or '')
  if m[6] ~= noted and #lines < 30000 then
    redis.call('HSET', key, 'receiptNoted', noted, 'events', lines .. (step == 'late' and ARGV[10] or line))
  end
  return {step, state}
end
if not TABLE[step] then return {step, state} end
redis.call('HSET', key, 'state', step, 'receiptBy', ARGV[1], 'receiptFrom', state, 'events', lines .. line)
redis.call('HDEL', key, 'reason')
if step == 'undelivered' then index(KEYS[6], ARGV[2]) end
if ARGV[7] ~= '' then redis.call('HSET', key, 'reason', ARGV[7]) end
if state == 'unknown' then
  redis.call('ZREM', KEYS[3], ARGV[2])
  redis.call('DEL', KEYS[4])
  redis.call('HSET', key, 'provider', ARGV[5])
  if ARGV[6] ~= '' then
    redis.call('HSET', key, 'providerMessageId', ARGV[6])
    redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[8])
  end
  if step == 'accepted' then redis.call('HSET', key, 'acceptedAt', ARGV[4]) end
end
local card = cjson.decode(redis.call('HGET', key, 'card') or '{}')
local entry = cjson.decode(ARGV[11])
entry.alertId = card.alertId
tell('message', cjson.encode(entry), step)
return {'moved', state, step, m[2] or ''}
`);

/** As Lua source: every name in it is a word of ours. */
function luaTable(table: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
  const rows = Object.entries(table).map(([state, row]) => {
    const cells = Object.entries(row).map(([word, step]) => `${word} = '${step}'`);
    return `${state} = { ${cells.join(', ')} }`;
  });
  return `{ ${rows.join(', ')} }`;
}
