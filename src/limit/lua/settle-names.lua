local now = nowMs()
local names = redis.call('GET', keys.capNames)
if names == 'current' then return 'current' end
local since = names and tonumber(string.match(names, '^moving (%d+)$'))
if since then
  if now < since + MOVED_AFTER_MS then return 'moving' end
  names = 'current'
elseif not names and redis.call('EXISTS', keys.journal) == 0 then
  -- An empty Redis has no journal.
  names = 'current'
elseif args.isEarlierRunning then
  names = 'earlier'
else
  names = string.format('moving %.0f', now)
end
redis.call('SET', keys.capNames, names)
return string.match(names, '^%a+')
