-- Calls the scripts that ARGV names, each with its part of KEYS and ARGV. A call of a chain is left out, and replied as null, unless
-- the reply before it has the word that the call waits for. A script that fails fails alone.
local replies, keysBefore, argsBefore = {}, 0, 0
local function wordOf(reply)
  if type(reply) == 'table' then return reply[1] end
  return reply
end
local before
while argsBefore < #ARGV do
  local script, keyCount, argCount, after = unpack(ARGV, argsBefore + 1, argsBefore + 4)
  argsBefore = argsBefore + 4
  if after ~= '' and after ~= before then
    replies[#replies + 1] = false
  else
    local hasRun, reply = pcall(
      SCRIPTS[tonumber(script)],
      { unpack(KEYS, keysBefore + 1, keysBefore + keyCount) },
      { unpack(ARGV, argsBefore + 1, argsBefore + argCount) }
    )
    if hasRun then
      before = wordOf(reply)
      -- In a list, since null would end a list of replies.
      replies[#replies + 1] = { reply }
    else
      before = nil
      replies[#replies + 1] = type(reply) == 'table' and reply or { err = tostring(reply) }
    end
  end
  keysBefore, argsBefore = keysBefore + keyCount, argsBefore + argCount
end
return replies
