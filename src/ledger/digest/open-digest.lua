-- Returns the id of the gathering digest, which is opened as `newId` if there is none.
local function openDigest()
  local id = redis.call('HGET', keys.gathering, 'id')
  if id then return id end
  redis.call('DEL', keys.gathering)
  redis.call('HSET', keys.gathering, 'id', args.newId)
  return args.newId
end
