local optedInAt = redis.call('GET', keys.optedIn)
if not optedInAt or tonumber(optedInAt) <= args.at then
  local at, card = args.at, args.card
  local held = redis.call('HGET', keys.optOuts, args.phoneHash)
  if held then
    local before, first = string.match(held, '^(%d+) (.*)$')
    at, card = math.max(at, tonumber(before)), first
  end
  redis.call('HSET', keys.optOuts, args.phoneHash, at .. ' ' .. card)
end
return redis.call('HEXISTS', keys.optOuts, args.phoneHash) == 1 and 'opted_out' or 'opted_in'
