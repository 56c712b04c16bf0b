import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { onCall, type Rotation, type Shift, spansOf, WEEK } from '../../src/policy/rotation.ts';

const MON_TO_FRI = [1, 2, 3, 4, 5];
const ALL_DAYS = [...MON_TO_FRI, 6, 7];
const shift = (contact: string, days: readonly number[], from: string, to: string): Shift => ({
  contacts: [contact],
  days,
  from: minutes(from),
  to: minutes(to),
});
const rotation = (timeZone: string, shifts: readonly Shift[], over: Partial<Rotation> = {}): Rotation => ({
  timeZone,
  shifts,
  overrides: [],
  ...over,
});
const who = (of: Rotation, at: string) => onCall(of, new Date(at));

function minutes(time: string): number {
  const [hours = 0, rest = 0] = time.split(':').map(Number);
  return hours * 60 + rest;
}

describe('on call is', () => {
  const office = rotation('Asia/Kuala_Lumpur', [
    shift('alice', MON_TO_FRI, '09:00', '18:00'),
    shift('bob', MON_TO_FRI, '18:00', '09:00'),
    shift('carol', [6, 7], '09:00', '17:00'),
    shift('dave', [7], '22:00', '06:00'),
  ]);
  test.each<[name: string, at: string, contacts: string[]]>([
    ['a shift from its first minute', '2026-11-20T01:00:00.000Z', ['alice']],
    ['a shift to its last millisecond', '2026-11-20T09:59:59.999Z', ['alice']],
    ['the next shift from then on', '2026-11-20T10:00:00.000Z', ['bob']],
    ['the same shift after midnight', '2026-11-20T20:00:00.000Z', ['bob']],
    ['a shift of Friday on Saturday morning', '2026-11-21T00:59:59.999Z', ['bob']],
    ['a shift of the weekend', '2026-11-21T01:00:00.000Z', ['carol']],
    ['nobody in a gap', '2026-11-21T09:00:00.000Z', []],
    ['nobody in a gap on Sunday morning', '2026-11-22T00:59:59.999Z', []],
    ['a shift that lasts over the end of the week', '2026-11-22T16:00:00.000Z', ['dave']],
    ['a shift that lasts over the end of the week, to its end', '2026-11-22T21:59:59.999Z', ['dave']],
    ['nobody after it, since Sunday has no night shift of its own', '2026-11-22T22:00:00.000Z', []],
  ])('%s', (_name, at, contacts) => {
    expect(who(office, at)).toEqual(contacts);
  });

  test('the contact of the whole day, where from and to are the same', () => {
    const days = rotation('UTC', [shift('alice', [1], '08:00', '08:00'), shift('bob', [2, 3, 4, 5, 6, 7], '08:00', '08:00')]);
    expect([who(days, '2026-11-23T07:59:00Z'), who(days, '2026-11-23T08:00:00Z'), who(days, '2026-11-24T07:59:00Z')]).toEqual([
      ['bob'],
      ['alice'],
      ['alice'],
    ]);
  });
});

describe('an override', () => {
  const holiday = rotation('UTC', [shift('alice', ALL_DAYS, '00:00', '00:00')], {
    overrides: [
      { from: Date.parse('2026-12-24T18:00Z'), to: Date.parse('2026-12-26T09:00Z'), contacts: ['bob', 'carol'] },
      { from: Date.parse('2026-12-25T00:00Z'), to: Date.parse('2026-12-25T12:00Z'), contacts: ['dave'] },
    ],
  });
  test.each([
    ['is not on before it begins', '2026-12-24T17:59:59.999Z', ['alice']],
    ['wins over the week', '2026-12-24T18:00:00.000Z', ['bob', 'carol']],
    ['that stands later in the file wins over one before it', '2026-12-25T00:00:00.000Z', ['dave']],
    ['gives back to the one it won over', '2026-12-25T12:00:00.000Z', ['bob', 'carol']],
    ['ends on time', '2026-12-26T09:00:00.000Z', ['alice']],
  ])('%s', (_name, at, contacts) => {
    expect(who(holiday, at)).toEqual(contacts);
  });
});

describe('summer time: a shift is what the clock on the wall says', () => {
  const nights = (timeZone: string) =>
    rotation(timeZone, [
      shift('night', ALL_DAYS, '22:00', '02:30'),
      shift('early', ALL_DAYS, '02:30', '06:00'),
      shift('day', ALL_DAYS, '06:00', '22:00'),
    ]);
  test.each([
    ['Europe/Berlin', 'a winter morning', '2026-03-28T05:00:00Z', 'day'],
    ['Europe/Berlin', 'before the hour that spring skips', '2026-03-29T00:59:59Z', 'night'],
    ['Europe/Berlin', 'after it, 03:00', '2026-03-29T01:00:00Z', 'early'],
    ['Europe/Berlin', 'the first summer morning, an hour earlier in UTC', '2026-03-29T04:00:00Z', 'day'],
    ['Europe/Berlin', 'the evening before autumn', '2026-10-24T20:00:00Z', 'night'],
    ['Europe/Berlin', 'the hour that autumn repeats, the first time', '2026-10-25T00:30:00Z', 'early'],
    ['Europe/Berlin', 'and the second time', '2026-10-25T01:30:00Z', 'early'],
    ['Europe/Berlin', 'a morning of winter, an hour later in UTC', '2026-10-25T04:59:59Z', 'early'],
    ['Europe/Berlin', 'six of that morning', '2026-10-25T05:00:00Z', 'day'],
    ['America/New_York', 'before the hour that spring skips', '2026-03-08T06:59:59Z', 'night'],
    ['America/New_York', 'after it, 03:00', '2026-03-08T07:00:00Z', 'early'],
    ['America/New_York', 'the first summer morning', '2026-03-08T10:00:00Z', 'day'],
    ['America/New_York', 'the last summer night, 01:30', '2026-11-01T05:30:00Z', 'night'],
    ['America/New_York', '01:30 once more, in winter', '2026-11-01T06:30:00Z', 'night'],
    ['America/New_York', 'half past two after it', '2026-11-01T07:30:00Z', 'early'],
    ['America/New_York', 'six of that morning', '2026-11-01T11:00:00Z', 'day'],
  ])('%s, %s', (timeZone, _name, at, contact) => {
    expect(who(nights(timeZone), at)).toEqual([contact]);
  });
});

/** Cuts the week at random points and gives each piece to somebody or to nobody, as one shift of at most a day. */
const someWeek = fc
  .array(fc.record({ length: fc.integer({ min: 1, max: 1440 }), contact: fc.constantFrom('alice', 'bob', 'carol', undefined) }), {
    minLength: 1,
    maxLength: 40,
  })
  .chain((pieces) => fc.record({ pieces: fc.constant(pieces), start: fc.integer({ min: 0, max: WEEK - 1 }) }))
  .map(({ pieces, start }) => {
    /** Minute of the week → who is on call: what the shifts mean, minute by minute. */
    const wall = new Array<string | undefined>(WEEK);
    const shifts: Shift[] = [];
    let used = 0;
    for (const { length, contact } of pieces) {
      const from = start + used;
      used += length;
      if (used > WEEK) break;
      if (contact === undefined) continue;
      for (let minute = from; minute < from + length; minute++) wall[minute % WEEK] = contact;
      const day = (Math.floor(from / 1440) % 7) + 1;
      shifts.push({ days: [day], from: from % 1440, to: (from + length) % 1440, contacts: [contact] });
    }
    return { wall, shifts };
  });

const ZONES = ['UTC', 'Asia/Kuala_Lumpur', 'Asia/Kathmandu', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'];
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** Minute of the week in a time zone, from what Intl says. */
function createWall(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    return WEEKDAYS.indexOf(parts.weekday ?? '') * 1440 + Number(parts.hour) * 60 + Number(parts.minute);
  };
}

describe('of any week without overlaps', () => {
  test('every minute has one shift at most', () => {
    fc.assert(
      fc.property(someWeek, ({ wall, shifts }) => {
        const taken = new Array<number>(WEEK).fill(0);
        for (const { from, to } of shifts.flatMap(spansOf))
          for (let minute = from; minute < to; minute++) taken[minute] = (taken[minute] ?? 0) + 1;
        expect(taken.findIndex((count, minute) => count !== (wall[minute] === undefined ? 0 : 1))).toBe(-1);
      }),
      { numRuns: 100 },
    );
  });

  test('the contact that a minute-by-minute plan names, in summer, in winter and between', () => {
    const year = { min: Date.parse('2026-01-01'), max: Date.parse('2026-12-31') };
    const changes = ['2026-03-08T07:00Z', '2026-03-29T01:00Z', '2026-10-25T01:00Z', '2026-11-01T06:00Z'].map(Date.parse);
    const nearAChange = fc
      .tuple(fc.constantFrom(...changes), fc.integer({ min: -3 * 3_600_000, max: 3 * 3_600_000 }))
      .map(([at, off]) => at + off);
    const moments = fc.array(fc.oneof(fc.integer(year), nearAChange), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(someWeek, fc.constantFrom(...ZONES), moments, ({ wall, shifts }, timeZone, times) => {
        const minuteAt = createWall(timeZone);
        for (const at of times) {
          const expected = wall[minuteAt(at)];
          expect(onCall(rotation(timeZone, shifts), new Date(at))).toEqual(expected === undefined ? [] : [expected]);
        }
      }),
      { numRuns: 100 },
    );
  });
});
