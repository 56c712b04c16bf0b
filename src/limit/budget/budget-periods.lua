local now = args.now or nowMs()

-- Returns the first day of the month of a day, both as days since 1970: https://howardhinnant.github.io/date_algorithms.html
local function monthOf(day)
  local z = day + 719468
  local doe = z % 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local month = math.floor((5 * doy + 2) / 153)
  return day - doy + math.floor((153 * month + 2) / 5)
end

local function startOf(period)
  if period == HOUR then return now - now % HOUR_MS end
  if period == DAY then return now - now % DAY_MS end
  return monthOf(math.floor(now / DAY_MS)) * DAY_MS
end

local function endOf(period, start)
  if period == HOUR then return start + HOUR_MS end
  if period == DAY then return start + DAY_MS end
  return monthOf(start / DAY_MS + 31) * DAY_MS
end

local function whole(n) return string.format('%.0f', n) end

local function periodOf(period)
  local key = keys.books[period]
  local held = redis.call('hmget', key, 'start', 'spent', 'reserved')
  local book = { key = key, start = tonumber(held[1] or '-1'), spent = tonumber(held[2] or '0'), reserved = tonumber(held[3] or '0') }
  local start = startOf(period)
  if start > book.start then book.start, book.spent, book.reserved = start, 0, 0 end
  book.ends = endOf(period, book.start)
  return book
end
