local figures = {}
for period in ipairs(keys.books) do
  local book = periodOf(period)
  figures[period] = { whole(book.spent), whole(book.reserved), now - book.start, book.ends - now }
end
return figures
