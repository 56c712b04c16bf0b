local capNames = redis.call('get', keys.capNames)

local function earlier(names)
  local result = {}
  for i, name in ipairs(names) do result[i] = BOTTLENECK_PREFIX .. name end
  return result
end

-- A Redis user without permission for earlier names has no data there: its caps could not be counted before.
local function isLeft(names)
  return capNames and capNames ~= 'current' and redis.call('exists', names[1]) == 0
    and redis.pcall('exists', BOTTLENECK_PREFIX .. names[1]) == 1
end
