local id = redis.call('HGET', keys.dataSet, 'id')
local count = tonumber(redis.call('HGET', keys.dataSet, 'count') or '0')
local entries = redis.call('LRANGE', keys.history, 0, HISTORY_LENGTH - 1)
local newest = entries[1] and cjson.decode(entries[1])

local function note(kind, from)
  redis.call('LPUSH', keys.history, cjson.encode({ id = id, kind = kind, from = from, at = nowMs() }))
  redis.call('LTRIM', keys.history, 0, HISTORY_LENGTH - 1)
end

local function begin(kind, from)
  id, count = args.newId, 0
  redis.call('DEL', keys.dataSet)
  redis.call('HSET', keys.dataSet, 'id', id)
  note(kind, from)
end

local function noticedBefore()
  for _, entry in ipairs(entries) do
    local one = cjson.decode(entry)
    if one.from == args.knownId then return one.kind end
  end
end

local loss = 'none'
if not id and not newest then
  if args.knownId then loss = 'emptied' end
  begin(args.knownId and loss or 'first', args.knownId or '')
elseif args.knownId and args.knownId ~= (id or newest.id) then
  loss = noticedBefore() or 'replaced'
  if not id then begin(loss, args.knownId) elseif not noticedBefore() then note(loss, args.knownId) end
elseif not id or not newest then
  loss = 'marker_lost'
  begin(loss, id or newest.id)
elseif args.knownId then
  local writer = redis.call('HGET', keys.dataSet, 'by:' .. args.knownCount)
  if count < args.knownCount or (writer and writer ~= args.process) then
    loss = 'rolled_back'
    begin(loss, args.knownId)
  end
end
count = redis.call('HINCRBY', keys.dataSet, 'count', 1)
redis.call('HSET', keys.dataSet, 'by:' .. count, args.process)
redis.call('HDEL', keys.dataSet, 'by:' .. (count - WRITERS_KEPT))
return { loss, id, count }
