local place = redis.call('GET', keys.cursor)
if place == args.to then return 'passed' end
if place ~= args.from then return 'elsewhere' end
redis.call('SET', keys.cursor, args.to, 'PX', JOURNAL_CURSOR_TTL_MS)
return 'passed'
