import { createScript } from '../../redis/script.ts';

/**
 * The books of the running hour, day and month, UTC by Redis' own clock. Each is a hash: when its period began, what is
 * spent and what is reserved, micro-units. A book turns its page when a later period begins, never back to an earlier
 * one, so that a clock that is set back gives no money a second time. A hold is one text's reservation with the periods
 * that it counts in; once it is settled or released it is gone, and the same call sent again finds nothing to do.
 *
 * KEYS: the books of hour, day and month, then the hold.
 * ARGV: now in ms or '' for Redis' own clock, then what each script needs.
 */
const booksLua = `
local DAY = 86400000
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('time')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

-- First day of the month that a day lies in, both as days since 1970: https://howardhinnant.github.io/date_algorithms.html
local function month_of(day)
  local z = day + 719468
  local doe = z % 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local month = math.floor((5 * doy + 2) / 153)
  return day - doy + math.floor((153 * month + 2) / 5)
end

local function start_of(period, at)
  if period == 1 then return at - at % 3600000 end
  if period == 2 then return at - at % DAY end
  return month_of(math.floor(at / DAY)) * DAY
end

local function end_of(period, start)
  if period == 1 then return start + 3600000 end
  if period == 2 then return start + DAY end
  return month_of(start / DAY + 31) * DAY
end

local function whole(n) return string.format('%.0f', n) end

local function book_of(period)
  local held = redis.call('hmget', KEYS[period], 'start', 'spent', 'reserved')
  local start = start_of(period, now)
  local book = { key = KEYS[period], start = tonumber(held[1] or '-1'), spent = tonumber(held[2] or '0'), reserved = tonumber(held[3] or '0') }
  if start > book.start then book.start, book.spent, book.reserved = start, 0, 0 end
  book.ends = end_of(period, book.start)
  return book
end

local function keep(book)
  redis.call('hset', book.key, 'start', whole(book.start), 'spent', whole(book.spent), 'reserved', whole(book.reserved))
  redis.call('pexpire', book.key, whole(math.max(book.ends - now, 0) + DAY))
end
`;

/**
 * ARGV from 2: price, ttl of the hold in ms, then of each period what this text may fill it to, or '' where it has no limit.
 * Answers `[0, 0]`: held; `[n, ms]`: period n, the one that is full the longest, ends in so many ms.
 */
export const reserveScript = createScript<[full: number, endsInMs: number]>(`
${booksLua}
if redis.call('exists', KEYS[4]) == 1 then return { 0, 0 } end
local price, books, full, wait = tonumber(ARGV[2]), {}, 0, -1
for period = 1, 3 do
  local book, limit = book_of(period), tonumber(ARGV[3 + period])
  books[period] = book
  if limit and book.spent + book.reserved + price > limit and book.ends - now > wait then
    full, wait = period, book.ends - now
  end
end
if full > 0 then return { full, math.max(wait, 1) } end
local hold = { 'price', whole(price) }
for period, book in ipairs(books) do
  book.reserved = book.reserved + price
  keep(book)
  hold[#hold + 1] = 'p' .. period
  hold[#hold + 1] = whole(book.start)
end
redis.call('hset', KEYS[4], unpack(hold))
redis.call('pexpire', KEYS[4], ARGV[3])
return { 0, 0 }
`);

/** ARGV 2: what it did cost; 0 for a text that was not sent. A period that is over by now keeps what was reserved in it. */
export const settleScript = createScript<0>(`
${booksLua}
local hold = redis.call('hmget', KEYS[4], 'price', 'p1', 'p2', 'p3')
if not hold[1] then return 0 end
for period = 1, 3 do
  local book = book_of(period)
  if whole(book.start) == hold[1 + period] then
    book.reserved = math.max(book.reserved - tonumber(hold[1]), 0)
    book.spent = book.spent + tonumber(ARGV[2])
    keep(book)
  end
end
redis.call('del', KEYS[4])
return 0
`);

/** Of each period: spent, reserved, ms since it began, ms until it ends. Writes nothing. */
export const readScript = createScript<readonly (readonly [spent: string, reserved: string, sinceMs: number, leftMs: number])[]>(`
${booksLua}
local figures = {}
for period = 1, 3 do
  local book = book_of(period)
  figures[period] = { whole(book.spent), whole(book.reserved), now - book.start, book.ends - now }
end
return figures
`);
