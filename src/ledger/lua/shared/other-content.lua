-- Compares the content of a known alert. 'none': its own content, as when its job runs again. 'new': a content that its id
-- has not had so far, which is then recorded in its history. 'known': one that it has had besides its own.
local function otherContent()
  local own, contents, events = unpack(redis.call('HMGET', keys.alert, 'content', 'contents', 'events'))
  if not args.content or not own or own == args.content then return 'none' end
  local others = {}
  for other in string.gmatch(contents or '', '%S+') do
    if other == args.content then return 'known' end
    others[#others + 1] = other
  end
  others[#others + 1] = args.content
  redis.call('HSET', keys.alert, 'contents', table.concat(others, ' ', math.max(1, #others - CONTENTS + 1)))
  local lines = events or ''
  if #lines < EVENTS_LENGTH then redis.call('HSET', keys.alert, 'events', lines .. args.otherContentEvent) end
  return 'new'
end
