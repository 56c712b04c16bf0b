-- Returns the names under which a limiter is stored now.
local function foundNames(names)
  if capNames == 'earlier' or isLeft(names) then return earlier(names) end
  return names
end
