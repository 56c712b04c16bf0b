if redis.call('exists', keys.hold) == 1 then return 'held' end
local books, full, wait = {}, nil, -1
for period, limit in ipairs(args.limits) do
  local book = periodOf(period)
  books[period] = book
  if limit.micro and book.spent + book.reserved + args.price > limit.micro and book.ends - now > wait then
    full, wait = period, book.ends - now
  end
end
if full then return { 'full', full, math.max(wait, 1) } end
local hold = { 'price', whole(args.price) }
for period, book in ipairs(books) do
  book.reserved = book.reserved + args.price
  storePeriod(book)
  hold[#hold + 1] = 'p' .. period
  hold[#hold + 1] = whole(book.start)
end
redis.call('hset', keys.hold, unpack(hold))
redis.call('pexpire', keys.hold, BUDGET_HOLD_TTL_MS)
return 'held'
