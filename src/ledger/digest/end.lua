local isOpen = redis.call('HGET', keys.gathering, 'id') == args.digestId
if isOpen and args.isKept then
  redis.call('RENAME', keys.gathering, keys.content)
  return
end
if not args.isKept then redis.call('DEL', keys.content) end
if isOpen then redis.call('DEL', keys.gathering) end
