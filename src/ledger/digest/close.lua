if redis.call('EXISTS', keys.content) == 1 then return redis.call('HGETALL', keys.content) end
if redis.call('HGET', keys.gathering, 'id') ~= args.digestId then return {} end
redis.call('RENAME', keys.gathering, keys.content)
redis.call('HSET', keys.content, 'closedAt', args.now)
if tonumber(redis.call('HGET', keys.content, 'top') or '-1') <= args.rank then redis.call('HSET', keys.content, 'as', args.as) end
local total, lastAt, announced = unpack(redis.call('HMGET', keys.storm, 'total', 'lastAt', 'announced'))
if total then
  if args.now - tonumber(lastAt) >= args.quietMs then
    if announced then redis.call('HSET', keys.content, 'storm', 'over', 'total', total, 'quietSince', lastAt) end
    redis.call('DEL', keys.storm)
  elseif announced or tonumber(total) >= STORM_MIN then
    redis.call('HSET', keys.content, 'storm', announced and 'goes on' or 'begins', 'next', args.nextId)
    redis.call('HSET', keys.storm, 'announced', 1)
    redis.call('HSET', keys.gathering, 'id', args.nextId, 'count', 0, 'as', redis.call('HGET', keys.content, 'as') or '{}')
    redis.call('PEXPIRE', keys.gathering, DIGEST_TTL_MS)
  end
end
redis.call('PEXPIRE', keys.content, DIGEST_TTL_MS)
return redis.call('HGETALL', keys.content)
