import { expect, it } from 'vitest';
import { formatBeijingDay, formatBeijingHour, msUntilBeijing, parseBeijingTime } from '../../../src/provider/mainland/mainland.ts';

const HOUR_MS = 3_600_000;

it.each([
  [0, '2026-11-20T03:00:00.000Z', 13 * HOUR_MS],
  [0, '2026-11-20T15:59:59.000Z', 1_000],
  [0, '2026-11-20T16:01:00.000Z', 24 * HOUR_MS - 60_000],
  [8, '2026-11-20T03:00:00.000Z', 21 * HOUR_MS],
  [8, '2026-11-20T23:30:00.000Z', HOUR_MS / 2],
  [8, '2026-12-31T14:00:00.000Z', 10 * HOUR_MS],
])("it is %i o'clock in Beijing, seen at %s, in %i ms", (hour, now, ms) => {
  expect(msUntilBeijing(hour, new Date(now))).toBe(ms);
});

it.each(['2026-11-20T16:00:00.000Z', '2026-11-20T16:00:59.999Z'])(
  'a limit that still holds at %s ends in a minute, not in a day',
  (now) => {
    expect(msUntilBeijing(0, new Date(now))).toBe(60_000);
  },
);

it('reads a time without a zone as that of Beijing', () => {
  expect(parseBeijingTime('2015-10-17 08:03:04')).toEqual(new Date('2015-10-17T00:03:04.000Z'));
});

it.each(['', '2015-10-17', '2015-13-17 08:03:04', '2015-10-17T08:03:04Z', 1_445_040_184, null, undefined])(
  'reads no time in %j',
  (written) => {
    expect(parseBeijingTime(written)).toBeUndefined();
  },
);

it.each([
  ['2026-11-20T15:59:59.999Z', '20261120', '2026112023'],
  ['2026-11-20T16:59:59.000Z', '20261121', '2026112100'],
  ['2026-12-31T16:00:00.001Z', '20270101', '2027010100'],
])('at %s it is the day %s and the hour %s in Beijing', (at, day, hour) => {
  expect([formatBeijingDay(new Date(at)), formatBeijingHour(new Date(at))]).toEqual([day, hour]);
});
