local hold = redis.call('hmget', keys.hold, 'price', 'p1', 'p2', 'p3')
if not hold[1] then return end
for period in ipairs(keys.books) do
  local book = periodOf(period)
  if whole(book.start) == hold[1 + period] then
    book.reserved = math.max(book.reserved - tonumber(hold[1]), 0)
    book.spent = book.spent + args.cost
    storePeriod(book)
  end
end
redis.call('del', keys.hold)
