import { IANAZone } from 'luxon';

const HOUR = 3_600_000;
/** Hours before and after it, of which one at least lies before and one after whatever was done to the clock. */
const AROUND = [-26, -3, 0, 3, 26];

/**
 * `2026-12-24 18:00` by the clock of a time zone → ms since the epoch, whenever it is asked. A time that comes twice, when
 * summer time ends, is the first of the two; `NaN` for a time that the clock skips and for a day that does not exist.
 */
export function readLocalTime(text: string, timeZone: string): number {
  const onTheWall = readWallClock(text);
  const zone = IANAZone.create(timeZone);
  const offsets = new Set(AROUND.map((hours) => zone.offset(onTheWall + hours * HOUR)));
  const moments = [...offsets].map((minutes) => onTheWall - minutes * 60_000).toSorted((a, b) => a - b);
  return moments.find((moment) => moment + zone.offset(moment) * 60_000 === onTheWall) ?? Number.NaN;
}

/** As if the clock went by UTC; 24:00 is the midnight after the day. */
function readWallClock(text: string): number {
  const [date, time] = text.split(/[T ]/, 2);
  if (time === '24:00') return readWallClock(`${date} 00:00`) + 24 * HOUR;
  const read = new Date(`${date}T${time}:00Z`);
  // The 31st of February would become a day of March.
  return Number.isNaN(read.getTime()) || !read.toISOString().startsWith(`${date}T${time}`) ? Number.NaN : read.getTime();
}
