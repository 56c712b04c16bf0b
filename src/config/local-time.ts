import { IANAZone } from 'luxon';

const HOUR = 3_600_000;
/** No clock is further from UTC, and none was ever set by more. */
const FURTHEST = 26 * HOUR;

/**
 * `2026-12-24 18:00` by the clock of a time zone → ms since the epoch, whenever it is asked. A time that comes twice, when
 * summer time ends, is the first of the two; `NaN` for a time that the clock skips and for a day that there is not.
 */
export function readLocalTime(text: string, timeZone: string): number {
  const [date, time] = text.split(/[T ]/, 2);
  const asUtc = new Date(`${date}T${time}:00Z`);
  const onTheWall = asUtc.getTime();
  // The 31st of February would become a day of March.
  if (Number.isNaN(onTheWall) || !asUtc.toISOString().startsWith(`${date}T${time}`)) return Number.NaN;
  const zone = IANAZone.create(timeZone);
  const offsets = new Set([-FURTHEST, FURTHEST].map((away) => zone.offset(onTheWall + away)));
  const moments = [...offsets].map((minutes) => onTheWall - minutes * 60_000);
  const [first = Number.NaN] = moments.filter((moment) => moment + zone.offset(moment) * 60_000 === onTheWall).toSorted((a, b) => a - b);
  return first;
}
