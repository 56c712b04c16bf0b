import { createScript } from '../redis/script.ts';
import { INDEXES } from './ended.ts';
import { tells } from './journal.ts';
import { type KeptReceipt, RECEIPT_TABLE } from './receipt-table.ts';

/**
 * A receipt, by the table. One that ends nothing is noted in the trace when it says something new. A message that was in
 * doubt may have two attempts at providers: only the word of the one that was accepted can end it badly. A provider that
 * never was asked to send it has no word, and one that refused it cannot end it badly.
 * KEYS message, receipt index, unknown index, kept message, journal, index of undelivered ones. ARGV run token, message id, word, at ISO, provider, its message id, reason, receipt index
 * ttl ms, event line of a move, event line of a late one, journal line without the alert.
 */
export const receiptScript = createScript<['moved', string, string, string] | [KeptReceipt, string] | ['missing']>(`
${tells('KEYS[5]')}
${INDEXES}
local TABLE = ${luaTable(RECEIPT_TABLE)}
local key, word = KEYS[1], ARGV[3]
local m = redis.call('HMGET', key, 'state', 'acceptedAt', 'events', 'receiptBy', 'receiptFrom', 'receiptNoted', 'unknowns', 'providerMessageId', 'attempts')
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
local step = TABLE[state][word]
local another = tonumber(m[7] or '0') > 0 and m[8] and ARGV[6] ~= '' and m[8] ~= ARGV[6]
if (another or refused) and word ~= 'delivered' then step = 'late' end
if step == 'pending' or step == 'late' then
  if m[6] ~= step .. ' ' .. word and #lines < 30000 then
    redis.call('HSET', key, 'receiptNoted', step .. ' ' .. word, 'events', lines .. (step == 'late' and ARGV[10] or ARGV[9]))
  end
  return {step, state}
end
if not TABLE[step] then return {step, state} end
redis.call('HSET', key, 'state', step, 'receiptBy', ARGV[1], 'receiptFrom', state, 'events', lines .. ARGV[9])
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
local line = cjson.decode(ARGV[11])
line.alertId = card.alertId
tell('message', cjson.encode(line), step)
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
