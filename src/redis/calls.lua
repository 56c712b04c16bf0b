-- Runs the calls in ARGV[1]. Each is a list of steps, and each step has the number of its script, the word that it waits for, its
-- keys, or how many of KEYS are its own, and its arguments. A step is left out, and replied as null, unless the reply before it has
-- the word that it waits for. A script that fails fails alone.
local keysBefore = 0
local function keysOf(keys)
  if type(keys) == 'table' then return keys end
  keysBefore = keysBefore + keys
  return { unpack(KEYS, keysBefore - keys + 1, keysBefore) }
end
local function wordOf(reply)
  if type(reply) == 'table' then return reply[1] end
  return reply
end
-- Depending on its version, Redis raises the error of a command as a table or as its text; that of Lua has no code word.
local function failureOf(raised)
  if type(raised) == 'table' then return raised end
  local said = tostring(raised)
  return { err = string.find(said, '^%u+ ') and said or 'ERR ' .. said }
end
local answers = {}
for c, steps in ipairs(cmsgpack.unpack(ARGV[1])) do
  local replies, before = {}, nil
  for s, step in ipairs(steps) do
    local script, after, keys, args = unpack(step)
    keys = keysOf(keys)
    if after ~= '' and after ~= before then
      replies[s] = false
    else
      local hasRun, reply = pcall(SCRIPTS[script], keys, args)
      if hasRun then
        before = wordOf(reply)
        if reply == nil then reply = false end
        -- In a list, since null would end a list of replies.
        replies[s] = { reply }
      else
        before = nil
        local failure = failureOf(reply)
        -- No step can write here: the client looks for the primary and sends all of them again.
        if string.find(failure.err, '^READONLY') then return failure end
        replies[s] = failure
      end
    end
  end
  answers[c] = replies
end
return answers
