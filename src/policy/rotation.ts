import { DateTime } from 'luxon';

/** Who is on call when, by the clock of one time zone. */
export interface Rotation {
  /** IANA name, such as Asia/Kuala_Lumpur. */
  readonly timeZone: string;
  /** The week, over and over. No two of them overlap. */
  readonly shifts: readonly Shift[];
  /** Win over the week; of two at the same time the later in the file. */
  readonly overrides: readonly Override[];
}

export interface Shift {
  /** ISO weekdays, 1 = Monday to 7 = Sunday, on which it begins. */
  readonly days: readonly number[];
  /** Minutes after midnight, 0 to 1439; where `to` is not after `from` it ends on the next day. */
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

/** A stretch of the week in minutes after Monday 00:00, `to` not included; 0 <= from < to <= {@link WEEK}. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The stretches of the week that a shift covers; one that lasts over Sunday's midnight is two. */
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
 * The contacts on call, nobody in a gap. A shift is what the clock on the wall says: the hour that spring skips is
 * missing from the shift it falls into, the one that autumn repeats belongs both times to the same.
 */
export function onCall({ timeZone, shifts, overrides }: Rotation, now: Date): readonly string[] {
  const at = now.getTime();
  const override = overrides.findLast(({ from, to }) => from <= at && at < to);
  if (override !== undefined) return override.contacts;
  const { weekday, hour, minute } = DateTime.fromMillis(at, { zone: timeZone });
  const onTheWall = (weekday - 1) * DAY + hour * 60 + minute;
  return shifts.find((shift) => spansOf(shift).some(({ from, to }) => from <= onTheWall && onTheWall < to))?.contacts ?? [];
}
