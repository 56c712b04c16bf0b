local function answer()
  local text, left = unpack(redis.call('HMGET', keys.content, 'text', 'left'))
  local open, job = unpack(redis.call('HMGET', keys.gathering, 'id', 'job'))
  return { 'written', text, left or '', (left and open == left and not job) and 1 or 0 }
end
if redis.call('HEXISTS', keys.content, 'text') == 1 then return answer() end
redis.call('HSET', keys.content, 'text', args.text)
if #args.left == 0 then return answer() end

local id = openDigest()
local event = string.gsub(args.event, DIGEST_ID, id)
for n, left in ipairs(args.left) do
  addLine(left.severity, left.line)
  redis.call('HDEL', keys.content, left.field)
  redis.call('HINCRBY', keys.content, left.severity, -1)
  redis.call('HINCRBY', keys.content, 'count', -1)
  local message = keys.messages[n]
  if redis.call('EXISTS', message) == 1 then
    redis.call('HSET', message, 'digest', id, 'events', (redis.call('HGET', message, 'events') or '') .. event)
  end
end
local firstAt, lastAt, top = unpack(redis.call('HMGET', keys.gathering, 'firstAt', 'lastAt', 'top'))
if not firstAt or tonumber(firstAt) > args.firstAt then redis.call('HSET', keys.gathering, 'firstAt', args.firstAt) end
if not lastAt then redis.call('HSET', keys.gathering, 'lastAt', args.firstAt) end
if tonumber(top or '-1') < args.rank then redis.call('HSET', keys.gathering, 'top', args.rank, 'as', args.as) end
redis.call('PEXPIRE', keys.gathering, DIGEST_TTL_MS)
redis.call('HSET', keys.content, 'left', id)
return answer()
