local function storePeriod(book)
  redis.call('hset', book.key, 'start', whole(book.start), 'spent', whole(book.spent), 'reserved', whole(book.reserved))
  redis.call('pexpire', book.key, whole(math.max(book.ends - now, 0) + DAY_MS))
end
