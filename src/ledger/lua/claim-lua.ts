/** Claims beyond which a dedup key is swept: each admission then looks at a few at random and drops the expired ones. */
const SWEPT_FROM = 64;

/**
 * Lua functions over the claims of a dedup key, each of which is `severity rank, received at, expires at, alert id` in the
 * field of its phone, lane or channel. `claimHolder(field, now)`: the id and rank of another alert that holds it. `takeClaims(
 * fields, now)`: takes them for this alert. `claimTime()`: Redis' clock. The arguments are Lua.
 */
export function claims(lua: Record<'claims' | 'alertId' | 'rank' | 'receivedAt' | 'dedupeMs', string>): string {
  return `
local function claimTime()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function claimHolder(field, now)
  local rank, expiresAt, id = string.match(redis.call('HGET', ${lua.claims}, field) or '', '^(%d+) %d+ (%d+) (.*)$')
  if rank and id ~= ${lua.alertId} and tonumber(expiresAt) > now then return id, tonumber(rank) end
end
local function takeClaims(fields, now)
  local dedupeMs = tonumber(${lua.dedupeMs})
  local value = ${lua.rank} .. ' ' .. ${lua.receivedAt} .. ' ' .. (now + dedupeMs) .. ' ' .. ${lua.alertId}
  for _, field in ipairs(fields) do redis.call('HSET', ${lua.claims}, field, value) end
  if redis.call('PTTL', ${lua.claims}) < dedupeMs then redis.call('PEXPIRE', ${lua.claims}, dedupeMs) end
  if redis.call('HLEN', ${lua.claims}) <= ${SWEPT_FROM} then return end
  local some = redis.call('HRANDFIELD', ${lua.claims}, #fields * 2 + 8, 'WITHVALUES')
  for i = 1, #some, 2 do
    if tonumber(string.match(some[i + 1], '^%d+ %d+ (%d+)')) <= now then redis.call('HDEL', ${lua.claims}, some[i]) end
  end
end
`;
}

/**
 * Lua function `release()`: gives up the dedupe claim that the alert of a message holds for the message's phone, since
 * the message was not sent. Once the alert is acknowledged, the claim stays all the same. A message that was made for the
 * simulator holds the claim of its lane, and one that is replayed to a real phone that of the phone: it gives up either.
 */
export function releaseClaim(lua: { message: string; claims: string; acknowledged: string; alertId: string }): string {
  return `
local function release()
  local card = cjson.decode(redis.call('HGET', ${lua.message}, 'card') or '{}')
  if not card.phoneHash or card.says then return end
  local acknowledgedAt = tonumber(string.match(redis.call('GET', ${lua.acknowledged}) or '', '^%d+') or '0')
  for _, field in ipairs({ card.phoneHash, card.lane }) do
    local receivedAt, id = string.match(redis.call('HGET', ${lua.claims}, field) or '', '^%d+ (%d+) %d+ (.*)$')
    if id == ${lua.alertId} and acknowledgedAt <= tonumber(receivedAt) then redis.call('HDEL', ${lua.claims}, field) end
  end
end
`;
}
