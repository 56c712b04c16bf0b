-- Returns the names under which a limiter is counted, after renaming it if due.
local function currentNames(names)
  if capNames == 'earlier' then return earlier(names) end
  if isLeft(names) then
    for i, name in ipairs(earlier(names)) do
      if redis.call('exists', name) == 1 then redis.call('rename', name, names[i]) end
    end
  end
  return names
end
