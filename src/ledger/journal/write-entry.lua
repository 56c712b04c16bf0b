-- Writes an entry; `as` is the new state where it differs from that in the line.
local function writeEntry(kind, line, as)
  if as then redis.call('XADD', keys.journal, 'MAXLEN', '~', JOURNAL_LENGTH, '*', kind, line, 'as', as)
  else redis.call('XADD', keys.journal, 'MAXLEN', '~', JOURNAL_LENGTH, '*', kind, line) end
end
