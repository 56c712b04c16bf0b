import { DateTime, IANAZone, Settings } from 'luxon';
import { afterEach, describe, expect, test } from 'vitest';
import { readLocalTime } from '../../src/config/local-time.ts';
import { faultOfTimeZone } from '../../src/config/schema/clock-time.ts';
import { faultLines, minimal } from './load-yaml.ts';

describe('the name of a time zone', () => {
  test.each(['CST', 'BST', 'IST', 'AST', 'EST', 'MST', 'HST', 'PST', 'JST', 'ECT', 'EDT', 'CEST', 'MYT', 'est', 'SST'])(
    '%s is refused with the names that may be meant, each of which is one',
    (abbreviation) => {
      const { message, hint = '' } = faultOfTimeZone(abbreviation) ?? {};
      expect(message).toBe('an abbreviation, not the name of a time zone');
      const names = hint.match(/[A-Z][a-z]+\/[A-Za-z_/]+/g) ?? [];
      expect(names.length).toBeGreaterThan(0);
      for (const name of names) expect(IANAZone.isValidZone(name)).toBe(true);
    },
  );

  test.each(['UTC', 'GMT', 'Europe/Berlin', 'Asia/Kolkata', 'EST5EDT', 'Asia/Ho_Chi_Minh', 'CET', 'PRC'])('%s is taken', (name) => {
    expect(faultOfTimeZone(name)).toBeUndefined();
  });

  test.each(['+08:00', 'UTC+8', 'GMT-5', 'Kuala Lumpur', '', 'constructor', '__proto__'])('%j is refused', (name) => {
    expect(faultOfTimeZone(name)).toBeDefined();
  });

  test('is judged alike wherever it stands', () => {
    const hint = '(use the name of the place: Europe/London or Asia/Dhaka)';
    expect(
      faultLines(
        minimal(
          'quietHours: { from: "22:00", to: "07:00", timeZone: BST }\ncontacts: { a: { phone: "+60123456789", consent: true, timeZone: BST } }\nrotations: { r: { timeZone: BST, shifts: [{ contacts: [a] }] } }',
        ),
      ),
    ).toEqual(
      ['4 quietHours', '5 contacts.a', '6 rotations.r'].map(
        (place) => `c.yaml:${place}.timeZone: an abbreviation, not the name of a time zone, got "BST" ${hint}`,
      ),
    );
  });
});

describe('a time by the clock on the wall', () => {
  afterEach(() => {
    Settings.now = () => Date.now();
  });

  test.each([
    ['2026-10-25 02:30', 'Europe/Berlin', '2026-10-25T00:30:00Z'],
    ['2026-11-01 01:30', 'America/New_York', '2026-11-01T05:30:00Z'],
    ['2026-04-05 01:45', 'Australia/Lord_Howe', '2026-04-04T14:45:00Z'],
    ['2026-04-05 02:30', 'Pacific/Auckland', '2026-04-04T13:30:00Z'],
    ['2011-12-29 12:00', 'Pacific/Apia', '2011-12-29T22:00:00Z'],
    ['2011-12-31 00:00', 'Pacific/Apia', '2011-12-30T10:00:00Z'],
    ['2026-12-24 24:00', 'UTC', '2026-12-25T00:00:00Z'],
    ['2026-12-24T18:00', 'Asia/Kuala_Lumpur', '2026-12-24T10:00:00Z'],
  ])('%s in %s is %s, the first where it comes twice, in summer as in winter', (written, zone, moment) => {
    for (const read of ['2026-01-15', '2026-07-15', '2040-01-01']) {
      Settings.now = () => Date.parse(read);
      expect(readLocalTime(written, zone)).toBe(Date.parse(moment));
    }
  });

  test.each([
    ['2026-03-29 02:30', 'Europe/Berlin'],
    ['2026-03-08 02:00', 'America/New_York'],
    ['2026-10-04 02:15', 'Australia/Lord_Howe'],
    ['2011-12-30 12:00', 'Pacific/Apia'],
    ['1993-08-21 12:00', 'Pacific/Kwajalein'],
    ['2026-02-30 09:00', 'UTC'],
    ['2026-13-01 09:00', 'UTC'],
    ['2026-03-01 24:30', 'UTC'],
  ])('%s in %s never is', (written, zone) => {
    expect(readLocalTime(written, zone)).toBeNaN();
  });

  test('reads back as it is written, every hour of a year', () => {
    for (const zone of ['Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kolkata']) {
      for (let hour = 0; hour < 8784; hour += 7) {
        const at = DateTime.fromMillis(Date.UTC(2027, 9, 1) + hour * 3_600_000, { zone });
        const read = readLocalTime(at.toFormat('yyyy-MM-dd HH:mm'), zone);
        expect([at.toMillis(), at.toMillis() - 3_600_000, at.toMillis() - 1_800_000]).toContain(read);
      }
    }
  });
});
