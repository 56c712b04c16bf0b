redis.call('HSET', keys.circuits, args.field, args.note)
redis.call('PEXPIRE', keys.circuits, CIRCUITS_TTL_MS)
return pruneHash(keys.circuits, args.cursor, function (line)
  local note = cjson.decode(line)
  local last = type(note['until']) == 'number' and math.max(note.at, note['until']) or note.at
  return last < args.now - CIRCUITS_TTL_MS
end)
