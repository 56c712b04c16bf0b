import { DateTime } from 'luxon';

/** An on-call rotation in one time zone. */
export interface Rotation {
  /** IANA name, such as Asia/Kuala_Lumpur. */
  readonly timeZone: string;
  /** The weekly schedule. Shifts do not overlap. */
  readonly shifts: readonly Shift[];
  /** Take precedence over the weekly schedule. When two overlap, the later one in the file wins. */
  readonly overrides: readonly Override[];
}

export interface Shift {
  /** ISO weekdays on which the shift begins, 1 = Monday to 7 = Sunday. */
  readonly days: readonly number[];
  /** Minutes after midnight, 0 to 1439. When `to` is not after `from`, the shift ends on the next day. */
  readonly from: number;
  readonly to: number;
  /** Names of contacts. */
  readonly contacts: readonly string[];
}

export interface Override {
  /** ms since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly contacts: readonly string[];
}

const DAY = 1440;
export const WEEK = 7 * DAY;

/** A span of the week in minutes after Monday 00:00, `to` exclusive; 0 <= from < to <= {@link WEEK}. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Returns the spans of the week that a shift covers. A shift that crosses the end of Sunday gives two. */
export function spansOf({ days, from, to }: Pick<Shift, 'days' | 'from' | 'to'>): Span[] {
  const length = to > from ? to - from : to - from + DAY;
  return [...new Set(days)].flatMap((day) => {
    const start = (day - 1) * DAY + from;
    const end = start + length;
    return end <= WEEK
      ? [{ from: start, to: end }]
      : [
          { from: start, to: WEEK },
          { from: 0, to: end - WEEK },
        ];
  });
}

/**
 * Returns the contacts on call; empty in a gap. Shifts follow local time: the hour that is skipped in spring is missing
 * from its shift, and the hour that is repeated in autumn belongs to the same shift both times.
 */
export function onCall({ timeZone, shifts, overrides }: Rotation, now: Date): readonly string[] {
  const at = now.getTime();
  const override = overrides.findLast(({ from, to }) => from <= at && at < to);
  if (override !== undefined) return override.contacts;
  const { weekday, hour, minute } = DateTime.fromMillis(at, { zone: timeZone });
  const onTheWall = (weekday - 1) * DAY + hour * 60 + minute;
  return shifts.find((shift) => spansOf(shift).some(({ from, to }) => from <= onTheWall && onTheWall < to))?.contacts ?? [];
}
