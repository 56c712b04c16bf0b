import { DateTime } from 'luxon';

/**
 * `2026-12-24 18:00` by the clock of a time zone → ms since the epoch; `NaN` for a day that there is not. A time that
 * summer time skips is taken as an hour later, one that comes twice as the first.
 */
export function readLocalTime(text: string, timeZone: string): number {
  return DateTime.fromISO(text.replace(' ', 'T'), { zone: timeZone }).toMillis();
}
