local state, digest, token, unknowns = unpack(redis.call('HMGET', keys.message, 'state', 'digest', 'token', 'unknowns'))
if not state then return 'missing' end
local function answer(id, isNews)
  local open, job = unpack(redis.call('HMGET', keys.gathering, 'id', 'job'))
  local isOpen = open == id
  return { 'gathered', id, (isOpen and not job) and 1 or 0, (isOpen and isNews) and 1 or 0 }
end
if digest then return answer(digest, true) end
if not IN_FLIGHT[state] then return { 'ended', state } end
if token or tonumber(unknowns or '0') > 0 then return 'unresolved' end

local id = openDigest()
local count = addLine(args.severity, args.line)
local top = tonumber(redis.call('HGET', keys.gathering, 'top') or '-1')
redis.call('HSET', keys.gathering, 'lastAt', args.now)
if count == 1 then redis.call('HSET', keys.gathering, 'firstAt', args.now) end
if args.rank >= top then redis.call('HSET', keys.gathering, 'top', args.rank, 'as', args.as) end
redis.call('PEXPIRE', keys.gathering, DIGEST_TTL_MS)
if args.isStorm then
  local last, announced = unpack(redis.call('HMGET', keys.storm, 'lastAt', 'announced'))
  if last and args.now - tonumber(last) >= args.quietMs and not announced then redis.call('DEL', keys.storm) end
  redis.call('HINCRBY', keys.storm, 'total', 1)
  redis.call('HSETNX', keys.storm, 'since', args.now)
  redis.call('HSET', keys.storm, 'lastAt', args.now)
  redis.call('PEXPIRE', keys.storm, DIGEST_TTL_MS)
end
redis.call('HSET', keys.message, 'digest', id)
return answer(id, count == 1 or args.rank > top)
