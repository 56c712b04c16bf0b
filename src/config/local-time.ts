import { IANAZone } from 'luxon';

const HOUR = 3_600_000;
/** Offsets in hours; at least one is before and one after any change of the clock near the time. */
const AROUND = [-26, -3, 0, 3, 26];

/**
 * Converts `2026-12-24 18:00` in a time zone to ms since the epoch. A time that occurs twice, when summer time ends, is
 * the first of the two; `NaN` for a time that the clock skips and for a day that does not exist.
 */
export function readLocalTime(text: string, timeZone: string): number {
  const onTheWall = readWallClock(text);
  const zone = IANAZone.create(timeZone);
  const offsets = new Set(AROUND.map((hours) => zone.offset(onTheWall + hours * HOUR)));
  const moments = [...offsets].map((minutes) => onTheWall - minutes * 60_000).toSorted((a, b) => a - b);
  return moments.find((moment) => moment + zone.offset(moment) * 60_000 === onTheWall) ?? Number.NaN;
}

/** Reads the time as UTC; 24:00 is midnight after the day. */
function readWallClock(text: string): number {
  const [date, time] = text.split(/[T ]/, 2);
  if (time === '24:00') return readWallClock(`${date} 00:00`) + 24 * HOUR;
  const read = new Date(`${date}T${time}:00Z`);
  // `Date` would accept 31 February as a day in March.
  return Number.isNaN(read.getTime()) || !read.toISOString().startsWith(`${date}T${time}`) ? Number.NaN : read.getTime();
}
