-- Returns id and severity rank of another alert that holds the claim of a phone, lane or channel at `now`.
local function claimHolder(claim, now)
  local rank, expiresAt, id = string.match(redis.call('HGET', keys.claims, claim) or '', '^(%d+) %d+ (%d+) (.*)$')
  if rank and id ~= args.alertId and tonumber(expiresAt) > now then return id, tonumber(rank) end
end
