-- Removes from one page of a hash the values of which `isOld(value)` is true; returns the cursor of the next page.
local function pruneHash(key, cursor, isOld)
  local page = redis.call('HSCAN', key, cursor, 'COUNT', PAGE)
  for n = 1, #page[2], 2 do
    if isOld(page[2][n + 1]) then redis.call('HDEL', key, page[2][n]) end
  end
  return page[1]
end
