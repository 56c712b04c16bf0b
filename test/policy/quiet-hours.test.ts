import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { E164 } from '../../src/alert/phone/phone.ts';
import { isAtLeast, SEVERITIES } from '../../src/alert/severity.ts';
import type { Contact } from '../../src/config/config.ts';
import { createHoldBack } from '../../src/pipeline/gates/hold-back.ts';
import { createQuietHoursStage } from '../../src/pipeline/gates/quiet-hours-gate.ts';
import { quietHoursOf } from '../../src/pipeline/routing/compose.ts';
import type { MessageSubject } from '../../src/pipeline/sending/message-run.ts';
import { type QuietHours, quietUntil } from '../../src/policy/quiet-hours.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const minutes = (clock: string) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
const hours = (from: string, to: string, timeZone: string, override: QuietHours['override'] = 'critical'): QuietHours => ({
  from: minutes(from),
  to: minutes(to),
  timeZone,
  override,
});
const until = (quiet: QuietHours, now: string) => quietUntil(quiet, 'error', new Date(now))?.toISOString();

describe('quiet hours are over', () => {
  const KUALA_LUMPUR = hours('22:00', '07:00', 'Asia/Kuala_Lumpur');
  test.each<[name: string, now: string, end: string | undefined]>([
    ['not begun a moment before', '2026-11-20T13:59:59.999Z', undefined],
    ['in the morning, from their first moment on', '2026-11-20T14:00:00.000Z', '2026-11-20T23:00:00.000Z'],
    ['in the same morning at midnight there', '2026-11-20T16:00:00.000Z', '2026-11-20T23:00:00.000Z'],
    ['in the same morning at midnight in UTC', '2026-11-20T00:00:00.000Z', undefined],
    ['then, up to their last moment', '2026-11-20T22:59:59.999Z', '2026-11-20T23:00:00.000Z'],
    ['by then', '2026-11-20T23:00:00.000Z', undefined],
    ['not begun at noon', '2026-11-20T04:00:00.000Z', undefined],
  ])('in Kuala Lumpur, over midnight: %s', (_name, now, end) => {
    expect(until(KUALA_LUMPUR, now)).toBe(end);
  });

  test.each<[name: string, from: string, to: string, now: string, end: string | undefined]>([
    ['the night in which the clock is put on is short', '22:00', '07:00', '2027-03-27T21:00:00Z', '2027-03-28T05:00:00.000Z'],
    ['after it summer time counts', '22:00', '07:00', '2027-03-28T20:00:00Z', '2027-03-29T05:00:00.000Z'],
    ['the night in which it is put back is long', '22:00', '07:00', '2026-10-24T20:00:00Z', '2026-10-25T06:00:00.000Z'],
    ['after it winter time counts', '22:00', '07:00', '2026-10-25T20:59:00Z', undefined],
    ['an end that is skipped comes when the clock skips it', '22:00', '02:30', '2027-03-28T00:15:00Z', '2027-03-28T01:00:00.000Z'],
    ['a beginning that is skipped too', '02:30', '07:00', '2027-03-28T01:00:00Z', '2027-03-28T05:00:00.000Z'],
    ['hours that are skipped whole are never', '02:15', '02:45', '2027-03-28T01:00:00Z', undefined],
    ['an end that comes twice counts the first time', '22:00', '02:30', '2026-10-25T00:15:00Z', '2026-10-25T00:30:00.000Z'],
    ['and the second time', '22:00', '02:30', '2026-10-25T01:15:00Z', '2026-10-25T01:30:00.000Z'],
    ['put back before they began, they pause', '02:30', '07:00', '2026-10-25T00:45:00Z', '2026-10-25T01:00:00.000Z'],
    ['put back within them, they go on', '01:30', '02:45', '2026-10-24T23:45:00Z', '2026-10-25T00:45:00.000Z'],
    ['within one day they are as ever', '12:00', '14:00', '2026-11-20T11:30:00Z', '2026-11-20T13:00:00.000Z'],
  ])('in Berlin: %s', (_name, from, to, now, end) => {
    expect(until(hours(from, to, 'Europe/Berlin'), now)).toBe(end);
  });

  test('immediately for a severe enough alert, and for a contact without quiet hours', () => {
    const night = new Date('2026-11-20T16:00:00Z');
    const passing = (override: QuietHours['override']) =>
      SEVERITIES.filter((severity) => quietUntil({ ...KUALA_LUMPUR, override }, severity, night) === undefined);
    expect(passing('critical')).toEqual(['critical']);
    expect(passing('error')).toEqual(['error', 'critical']);
    expect(passing('info')).toEqual([...SEVERITIES]);
    expect(quietUntil(undefined, 'info', night)).toBeUndefined();
  });
});

describe('whose quiet hours count', () => {
  const ALL = hours('22:00', '07:00', 'UTC');
  const ROUTE = hours('20:00', '09:00', 'Asia/Tokyo', 'error');
  const OWN = { from: minutes('23:00'), to: minutes('06:30') };
  const contact = (over: Partial<Contact> = {}): Contact => ({ phone: '+60123456789' as E164, consent: true, ...over });
  const MALAYSIA = 'Asia/Kuala_Lumpur';

  test.each<
    [name: string, route: QuietHours | 'off' | undefined, contact: Contact | undefined, all: QuietHours | undefined, expected: unknown]
  >([
    ['nobody’s where there are none', undefined, contact(), undefined, undefined],
    ['everybody’s', undefined, contact(), ALL, ALL],
    ['everybody’s for a bare number', undefined, undefined, ALL, ALL],
    ['everybody’s, by the clock of the contact', undefined, contact({ timeZone: MALAYSIA }), ALL, { ...ALL, timeZone: MALAYSIA }],
    ['those of the route', ROUTE, undefined, ALL, ROUTE],
    ['those of the route, by the clock of the contact', ROUTE, contact({ timeZone: MALAYSIA }), ALL, { ...ROUTE, timeZone: MALAYSIA }],
    ['none on a route without', 'off', contact({ quietHours: OWN }), ALL, undefined],
    ['none of a contact without', ROUTE, contact({ quietHours: 'off' }), ALL, undefined],
    [
      'the contact’s own',
      undefined,
      contact({ quietHours: OWN, timeZone: MALAYSIA }),
      undefined,
      { ...OWN, timeZone: MALAYSIA, override: 'critical' },
    ],
    ['the contact’s own, for the rest as on the route', ROUTE, contact({ quietHours: OWN }), ALL, { ...ROUTE, ...OWN }],
    ['the contact’s own, for the rest as for everybody', undefined, contact({ quietHours: OWN }), ALL, { ...ALL, ...OWN }],
    [
      'the contact’s own override',
      ROUTE,
      contact({ quietHours: { ...OWN, override: 'warning' } }),
      ALL,
      { ...ROUTE, ...OWN, override: 'warning' },
    ],
    [
      'the contact’s own in UTC where no clock is known',
      undefined,
      contact({ quietHours: OWN }),
      undefined,
      { ...OWN, timeZone: 'UTC', override: 'critical' },
    ],
  ])('%s', (_name, route, who, all, expected) => {
    const ofRoute = route === undefined ? {} : { quietHours: route };
    expect(quietHoursOf(ofRoute, 'alert', who ?? {}, { quietHours: all })).toEqual(expected);
    expect(quietHoursOf(ofRoute, 'notification', who ?? {}, { quietHours: all })).toEqual(expected);
    // A login code is asked for by whoever is awake.
    expect(quietHoursOf(ofRoute, 'verification', who ?? {}, { quietHours: all })).toEqual(route === undefined ? undefined : expected);
  });
});

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'Europe/London',
  'America/New_York',
  'America/Santiago',
  'America/St_Johns',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Kuala_Lumpur',
  'Asia/Kathmandu',
  'Asia/Beirut',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'Pacific/Apia',
];
const clocks = new Map(
  ZONES.map((timeZone) => [timeZone, new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })]),
);
/** Told by another clock than the code's. */
const shows = (timeZone: string, at: number) => minutes((clocks.get(timeZone) as Intl.DateTimeFormat).format(at));
const isInside = ({ from, to, timeZone }: QuietHours, at: number) => {
  const clock = shows(timeZone, at);
  for (let minute = from; minute !== to; minute = (minute + 1) % 1440) if (minute === clock) return true;
  return false;
};

const clockTime = fc.integer({ min: 0, max: 1439 });
const severity = fc.constantFrom(...SEVERITIES);
const zone = fc.constantFrom(...ZONES);
const stretch = fc.record({ from: clockTime, to: clockTime }).filter(({ from, to }) => from !== to);
/** Anywhere in three years, and around the nights in which clocks are changed somewhere. */
const CHANGES = [
  '2026-03-29T01:00Z',
  '2026-10-25T01:00Z',
  '2026-11-01T06:00Z',
  '2026-04-04T15:00Z',
  '2026-10-03T15:30Z',
  '2026-04-24T22:00Z',
];
const moment = fc.oneof(
  fc.integer({ min: Date.parse('2026-01-01'), max: Date.parse('2029-01-01') }),
  fc
    .tuple(fc.constantFrom(...CHANGES), fc.integer({ min: -30 * HOUR_MS, max: 4 * HOUR_MS }))
    .map(([change, ms]) => Date.parse(change) + ms),
);

test('Quiet hours end in the future, at the first moment outside of them, within a day by the clock', () => {
  fc.assert(
    fc.property(
      stretch,
      zone,
      severity,
      severity,
      moment,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (times, timeZone, override, severity, now, part) => {
        const quiet = { ...times, timeZone, override };
        const end = quietUntil(quiet, severity, new Date(now))?.getTime();
        if (end === undefined) {
          expect(isAtLeast(severity, override) || !isInside(quiet, now)).toBe(true);
          return;
        }
        expect(isAtLeast(severity, override)).toBe(false);
        expect(isInside(quiet, now)).toBe(true);
        expect(end).toBeGreaterThan(now);
        expect(isInside(quiet, end)).toBe(false);
        expect(isInside(quiet, end - 1)).toBe(true);
        expect(isInside(quiet, now + Math.floor((end - 1 - now) * part))).toBe(true);
        const isPutOn = shows(timeZone, now) !== shows(timeZone, now + 24 * HOUR_MS);
        // A free stretch of less than an hour is skipped when the clock is put on over it: then the next day's counts.
        const free = (quiet.from - quiet.to + 1440) % 1440;
        expect(end - now).toBeLessThanOrEqual((isPutOn ? (free < 60 ? 49 : 25) : 24) * HOUR_MS);
      },
    ),
    { numRuns: 1200 },
  );
});

const contactHours = fc.oneof(
  fc.constant('off' as const),
  fc.record({ from: clockTime, to: clockTime, override: severity }, { requiredKeys: ['from', 'to'] }).filter(({ from, to }) => from !== to),
);
const sharedHours = fc.record({ from: clockTime, to: clockTime, timeZone: zone, override: severity }).filter(({ from, to }) => from !== to);
const someone = fc.option(
  fc.record(
    { phone: fc.constant('+60123456789' as E164), consent: fc.constant(true), timeZone: zone, quietHours: contactHours },
    { requiredKeys: ['phone', 'consent'] },
  ),
  { nil: undefined },
);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

test('No text passes while its recipient’s clock shows quiet hours, but for what overrides them', async () => {
  const stage = createQuietHoursStage(createHoldBack(async (_message, { reason }, until) => ({ kind: 'deferred', reason, until })));
  const policies = maybe(fc.oneof(sharedHours, fc.constant('off' as const)));
  await fc.assert(
    fc.asyncProperty(policies, someone, maybe(sharedHours), severity, moment, async (ofRoute, who, ofAll, severity, now) => {
      const quietHours = quietHoursOf(ofRoute === undefined ? {} : { quietHours: ofRoute }, 'alert', who ?? {}, { quietHours: ofAll });
      const message = { severity, overflow: 'defer', ...(quietHours === undefined ? {} : { quietHours }) };
      const ctx = { clock: { now: () => new Date(now) }, signal: new AbortController().signal, note: () => undefined };
      const verdict = await stage.exec({ message, unknowns: 0 } as unknown as MessageSubject, ctx);

      const isOff = ofRoute === 'off' || who?.quietHours === 'off';
      const shared = ofRoute === 'off' ? undefined : (ofRoute ?? ofAll);
      const own = who?.quietHours === 'off' ? undefined : who?.quietHours;
      const effective =
        isOff || (own ?? shared) === undefined ? undefined : { override: 'critical' as const, timeZone: 'UTC', ...shared, ...own };
      const expected = effective && { from: 0, to: 0, ...effective, timeZone: who?.timeZone ?? effective.timeZone };
      const isHeld = expected !== undefined && isInside(expected, now) && !isAtLeast(severity, expected.override);
      expect(verdict.kind).toBe(isHeld ? 'deferred' : 'pass');
    }),
    { numRuns: 1000 },
  );
});

test('Of a text that waits a minute per minute, the first that passes is the end of the night', () => {
  const quiet = hours('22:00', '07:00', 'Europe/Berlin');
  for (const evening of ['2026-10-24T20:00Z', '2027-03-27T21:00Z', '2026-11-20T21:00Z']) {
    const end = quietUntil(quiet, 'info', new Date(evening))?.getTime() as number;
    for (let at = Date.parse(evening); at < end; at += 7 * MINUTE_MS) expect(quietUntil(quiet, 'info', new Date(at))?.getTime()).toBe(end);
  }
});
