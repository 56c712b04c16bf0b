-- Releases the claim that the alert of a message holds for the message's phone, since the message was not sent. Once the
-- alert is acknowledged, the claim stays. A message for the simulator holds the claim of its lane, and one that is replayed
-- to a real phone that of the phone: either is released.
local function releaseClaim()
  local card = cjson.decode(redis.call('HGET', keys.message, 'card') or '{}')
  if not card.phoneHash or card.says then return end
  local acknowledgedAt = tonumber(string.match(redis.call('GET', keys.acknowledged) or '', '^%d+') or '0')
  for _, claim in ipairs({ card.phoneHash, card.lane }) do
    local receivedAt, id = string.match(redis.call('HGET', keys.claims, claim) or '', '^%d+ (%d+) %d+ (.*)$')
    if id == args.alertId and acknowledgedAt <= tonumber(receivedAt) then redis.call('HDEL', keys.claims, claim) end
  end
end
