import { IANAZone } from 'luxon';
import { isAtLeast, type Severity } from '../alert/severity.ts';

/** A part of each day in which messages are held back, in one time zone. */
export interface QuietHours {
  /** Minutes after midnight, 0 to 1439. When `to` is not after `from`, the hours extend past midnight. */
  readonly from: number;
  readonly to: number;
  /** IANA name, such as Asia/Kuala_Lumpur. */
  readonly timeZone: string;
  /** Messages of this severity or higher are sent anyway. */
  readonly override: Severity;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;

/**
 * Returns the end of the quiet hours that cover `now`: the first moment at which the local time is outside of them,
 * daylight saving changes included. `undefined` when `now` is outside, or when the severity overrides them.
 */
export function quietUntil(hours: QuietHours | undefined, severity: Severity, now: Date): Date | undefined {
  if (hours === undefined || isAtLeast(severity, hours.override)) return undefined;
  const minute = Math.floor(now.getTime() / MINUTE_MS);
  const end = endOf(hours, IANAZone.create(hours.timeZone), minute);
  return end === minute ? undefined : new Date(end * MINUTE_MS);
}

/** Returns the first minute since the epoch, from this one on, that is outside of the hours. */
function endOf(hours: QuietHours, zone: IANAZone, minute: number): number {
  const { from, to } = hours;
  const clock = clockOf(zone, minute);
  const isQuiet = to > from ? clock >= from && clock < to : clock >= from || clock < to;
  if (!isQuiet) return minute;
  const end = minute + (modulo(to - clock, DAY_MINUTES) || DAY_MINUTES);
  const change = firstChange(zone, minute, end);
  return change === undefined ? end : endOf(hours, zone, change);
}

/** Converts a minute since the epoch to local minutes after midnight. */
function clockOf(zone: IANAZone, minute: number): number {
  return modulo(minute + offsetAt(zone, minute), DAY_MINUTES);
}

/**
 * Returns the first minute after `start`, up to `end`, at which the UTC offset changed. No zone changes it more than
 * once a day.
 */
function firstChange(zone: IANAZone, start: number, end: number): number | undefined {
  const before = offsetAt(zone, start);
  if (offsetAt(zone, end) === before) return undefined;
  let [same, other] = [start, end];
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2);
    if (offsetAt(zone, middle) === before) same = middle;
    else other = middle;
  }
  return other;
}

function offsetAt(zone: IANAZone, minute: number): number {
  return zone.offset(minute * MINUTE_MS);
}

/** Modulo that is never negative, unlike `%`. */
function modulo(value: number, base: number): number {
  return ((value % base) + base) % base;
}
