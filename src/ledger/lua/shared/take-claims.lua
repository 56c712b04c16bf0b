-- Gives the claims to this alert and removes some that have expired.
local function takeClaims(claims, now)
  local value = args.rank .. ' ' .. args.receivedAt .. ' ' .. (now + args.dedupeMs) .. ' ' .. args.alertId
  for _, claim in ipairs(claims) do redis.call('HSET', keys.claims, claim, value) end
  if redis.call('PTTL', keys.claims) < args.dedupeMs then redis.call('PEXPIRE', keys.claims, args.dedupeMs) end
  if redis.call('HLEN', keys.claims) <= SWEPT_FROM then return end
  local some = redis.call('HRANDFIELD', keys.claims, #claims * 2 + 8, 'WITHVALUES')
  for i = 1, #some, 2 do
    if tonumber(string.match(some[i + 1], '^%d+ %d+ (%d+)')) <= now then redis.call('HDEL', keys.claims, some[i]) end
  end
end
