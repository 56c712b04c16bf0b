-- Writes an entry; `as` is the state it came to where that is not the line's own.
local function writeEntry(kind, line, as)
  if as then redis.call('XADD', keys.journal, 'MAXLEN', '~', JOURNAL_LENGTH, '*', kind, line, 'as', as)
  else redis.call('XADD', keys.journal, 'MAXLEN', '~', JOURNAL_LENGTH, '*', kind, line) end
end
